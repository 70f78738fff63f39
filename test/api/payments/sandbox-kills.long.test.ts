/** Servers and runners that are killed while money moves: their successors find out how far they were, and it moves once. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { statusOf } from '../../core/orders/order-scene.js';
import { age, letDue, undone } from '../../support/outbox.js';
import { type Approved, PROVIDERS, SandboxScene } from './sandbox-scene.js';

let scene: SandboxScene;
beforeAll(async () => {
  scene = await SandboxScene.open();
  scene.sandbox.webhooks.target = null; // nobody is told
});
afterAll(() => scene?.end());
afterEach(() => scene.expectSameBooks());

async function killedAt(one: Approved, fault: string, key: string): Promise<void> {
  const victim = await scene.server(`${fault}:kill`);
  await expect(scene.confirm(one, { server: victim, key })).rejects.toThrow();
  expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
}

describe('a server that is killed', () => {
  it.each([
    ...PROVIDERS.map((provider) => ['payment.charged', provider] as const),
    ['payment.marked', 'TOSS'],
    ['call.before-commit', 'KAKAOPAY'],
  ] as const)('at %s (%s): the same call goes on, and it is charged once', async (fault, provider) => {
    const one = await scene.approved(provider);
    const key = `${fault}-${provider}`;
    await killedAt(one, fault, key);
    expect(await scene.show(one)).toMatchObject({ status: 'IN_PROGRESS', chargedMinor: null });
    await scene.letLeasesEnd();
    const done = await scene.confirm(one, { key });
    expect(done).toMatchObject({ status: 200, body: { status: 'DONE', chargedMinor: 20_000 } });
    expect((await scene.confirm(one, { key })).text).toBe(done.text);
  });

  it('twice, the second time after the look-up: a duty finds it out', async () => {
    const one = await scene.approved('TOSS');
    await killedAt(one, 'payment.charged', 'first');
    await scene.letLeasesEnd();
    await killedAt(one, 'payment.looked-up', 'second');
    await scene.settle();
    expect(await scene.show(one)).toMatchObject({ status: 'DONE', chargedMinor: 20_000 });
    expect(await statusOf(scene.database.db, one.orderId)).toBe('PAID');
  });
});

describe('a runner that is killed', () => {
  it.each([
    ['between the commit and the relay', 'outbox.before-relay'],
    ['between the mark and the provider', 'cancel.marked'],
    ['between the provider and the commit', 'cancel.carried-out'],
    ['between the delivery and its acknowledgement', 'outbox.delivered'],
  ])('%s: another one gives the money back, once', async (_when, fault) => {
    const one = await scene.paid('TOSS');
    expect((await scene.cancel(one, 1)).status).toBe(200);
    const victim = await scene.runner(`${fault}:kill`);
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
    const other = await scene.runner();
    await until(async () => {
      await age(scene.database.db, 31);
      await letDue(scene.database.db);
      await scene.letLeasesEnd();
      return (await undone(scene.database.db)) === 0 && (await scene.show(one)).status === 'PARTLY_CANCELLED';
    }, 'all is done');
    expect(await scene.show(one)).toMatchObject({ cancelledMinor: 10_000, cancellingMinor: 0 });
    other.send('SIGTERM');
    expect((await other.ended).code).toBe(0);
  });
});
