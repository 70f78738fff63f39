/** While a provider takes its time no database connection is held for it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import type { CallAnswer } from '../../support/api.js';
import { type Approved, PayScene } from './pay-scene.js';

const BUYERS = 100;
let scene: PayScene;
beforeAll(async () => {
  scene = await PayScene.open({ MAGAM_HTTP_POOL: '2' });
});
afterAll(() => scene?.end());

it('a hundred confirmations are at the provider at once, with a pool of two connections of which none is in use', async () => {
  const { db } = scene.database;
  const payments: Approved[] = [];
  for (let n = 0; n < BUYERS; n += 1) payments.push(await scene.approved(await makeAccount(db, 'buyer')));
  const open = scene.bank.hold('confirm');
  /** A caller that found no free connection for 3 s is asked to try again, and does. */
  const pay = (n: number): Promise<CallAnswer> =>
    until(async () => {
      const answer = await scene.confirm(payments[n] as Approved, `pool-${n}`);
      return answer.status === 503 ? undefined : answer;
    }, 'an answer that stands');
  const paying = payments.map((_, n) => pay(n));
  await until(() => scene.bank.inFlight === BUYERS, 'all of them at the provider');
  await until(() => scene.api.connectionsInUse() === 0, 'no connection in use');
  expect(scene.bank.inFlight).toBe(BUYERS);
  open();
  const answers = await Promise.all(paying);
  expect(answers.filter(({ status, body }) => status === 200 && body.status === 'DONE')).toHaveLength(BUYERS);
  expect(scene.bank.count('charge')).toBe(BUYERS);
});
