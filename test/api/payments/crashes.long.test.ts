/** Servers that are killed while they charge a payment: a buyer who comes back can continue, and the payment is charged once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { type Approved, PayScene } from './pay-scene.js';

let scene: PayScene;
beforeAll(async () => {
  scene = await PayScene.open();
});
afterAll(() => scene?.end());

/** Lets the claims of dead processes run out. */
async function letLeasesEnd(): Promise<void> {
  await scene.database.db.raw(
    "UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE status = 'IN_FLIGHT'",
  );
  await scene.shop.letTimePass();
}

async function killedAt(fault: string, key: string): Promise<Approved> {
  const one = await scene.approved();
  const victim = await scene.victim(fault);
  await expect(scene.confirm(one, key, victim)).rejects.toThrow();
  expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
  return one;
}

describe('a server that is killed', () => {
  it.each([
    ['after the mark, before anybody was asked', 'call.step-committed:kill', ['inquire', 'confirm']],
    ['after the charge, before it was written down', 'payment.charged:kill', ['confirm', 'inquire']],
    ['before the last commit', 'call.before-commit:kill', ['confirm', 'inquire']],
  ])('%s: the same call under the same key goes on', async (_when, fault, asked) => {
    const before = scene.bank.count('charge');
    const from = scene.bank.asked.length + 1; // that it was opened is asked first
    const key = fault.replace(':', '-');
    const one = await killedAt(fault, key);
    expect((await scene.show(one)).status).toBe('IN_PROGRESS');
    expect((await scene.confirm(one, key)).body.code).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
    await letLeasesEnd();
    const done = await scene.confirm(one, key, scene.other);
    expect(done).toMatchObject({ status: 200, body: { status: 'DONE' } });
    expect((await scene.confirm(one, key)).text).toBe(done.text);
    expect(scene.bank.asked.slice(from)).toEqual(asked);
    expect(scene.bank.count('charge')).toBe(before + 1);
  });

  it('after the charge: a duty finds it out where nobody comes back', async () => {
    const one = await killedAt('payment.charged:kill', 'nobody');
    expect(await scene.shop.duties()).toBe(0); // it may still live
    await letLeasesEnd();
    await scene.shop.duties();
    expect((await scene.show(one)).status).toBe('DONE');
    expect(await scene.shop.ourBook()).toBe(scene.bank.kept());
  });

  it('after the last commit: its answer is there', async () => {
    const one = await killedAt('call.committed:kill', 'kept');
    const again = await scene.confirm(one, 'kept');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
  });

  it('before a payment was opened at its provider: the same call continues the saved payment', async () => {
    const { checkoutId } = await scene.checkOut();
    const victim = await scene.victim('payment.saved:kill');
    const options = {
      token: scene.buyer.token,
      headers: { 'Idempotency-Key': 'saved' },
      body: { provider: 'TEST', successUrl: 'https://shop.example/ok', failUrl: 'https://shop.example/no' },
    };
    const path = `/v1/checkouts/${checkoutId}/payments`;
    await expect(victim.call('POST', path, options)).rejects.toThrow();
    await letLeasesEnd();
    expect((await scene.api.call('POST', path, options)).status).toBe(201);
    const saved = await select(scene.database.db, 'SELECT payment_id FROM payment WHERE checkout_id = ?', [checkoutId]);
    expect(saved).toHaveLength(1);
  });
});

it('a server that lost its key between two steps does not answer under it', async () => {
  const one = await scene.approved();
  const open = scene.bank.hold('confirm');
  const late = scene.confirm(one, 'lost');
  while (scene.bank.inFlight === 0) await new Promise(setImmediate);
  await scene.database.db.raw("UPDATE idempotency_key SET owner = UUID() WHERE idempotency_key = 'lost'");
  open();
  expect((await late).body.code).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
  await letLeasesEnd();
  expect(await scene.confirm(one, 'lost')).toMatchObject({ status: 200, body: { status: 'DONE' } });
});
