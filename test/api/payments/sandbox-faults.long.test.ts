/** Whatever a provider does wrong, its book and ours say the same in the end, and nobody is charged twice. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallFault } from '../../../sandbox/faults.js';
import { statusOf } from '../../core/orders/order-scene.js';
import { CONFIRMING, PATIENCE_MS, PROVIDERS, SandboxScene } from './sandbox-scene.js';

let scene: SandboxScene;
beforeAll(async () => {
  scene = await SandboxScene.open({ servers: 2 });
});
afterAll(() => scene?.end());
afterEach(async () => {
  await scene.faults();
  await scene.settle();
  await scene.expectSameBooks();
});

const LOST: readonly CallFault['kind'][] = ['cut-before', 'cut-after', 'error-before', 'error-after', 'delay'];
const late = (kind: CallFault['kind']) => (kind === 'delay' ? { ms: 2.5 * PATIENCE_MS } : {});

describe.each(PROVIDERS)('%s', (provider) => {
  it.each(LOST)('gives no answer to a confirmation (%s): it is unknown, and then found out', async (kind) => {
    const one = await scene.approved(provider);
    await scene.faults({ on: 'call', provider, operation: CONFIRMING[provider], kind, times: 1, ...late(kind) });
    const answer = await scene.confirm(one);
    expect(answer).toMatchObject({ status: 202, body: { status: 'UNKNOWN' } });
    expect(answer.headers.get('location')).toBe(`/v1/payments/${one.paymentId}`);
    await scene.settle();
    expect(await scene.show(one)).toMatchObject({ status: 'DONE', chargedMinor: 20_000 });
    expect(await scene.confirm(one)).toMatchObject({ status: 200, body: { status: 'DONE' } });
  });

  it.each(LOST)('gives no answer to a cancellation (%s): the money goes back once', async (kind) => {
    const one = await scene.paid(provider);
    expect((await scene.cancel(one, 1)).status).toBe(200);
    expect(await scene.show(one)).toMatchObject({ cancellingMinor: 10_000, cancelledMinor: 0 });
    await scene.faults({ on: 'call', provider, operation: 'cancel', kind, times: 1, ...late(kind) });
    await scene.settle();
    expect(await scene.show(one)).toMatchObject({
      status: 'PARTLY_CANCELLED',
      cancellingMinor: 0,
      cancelledMinor: 10_000,
    });
  });

  it('declines, and the checkout is paid by another payment', async () => {
    const ordered = await scene.order();
    await scene.faults({ on: 'call', provider, operation: 'confirm', kind: 'decline', times: 1 });
    const first = await scene.visit(await scene.opened(ordered, provider));
    const refused = await scene.confirm({ ...first, approval: withoutFailure(first.approval) });
    expect(refused).toMatchObject({ status: 402, body: { code: 'PAYMENT_DECLINED' } });
    const second = await scene.visit(await scene.opened(ordered, provider));
    expect((await scene.confirm(second)).body.status).toBe('DONE');
    expect((await scene.confirm({ ...first, approval: withoutFailure(first.approval) })).status).toBe(402);
    expect(await statusOf(scene.database.db, ordered.orderId)).toBe('PAID');
  });

  it('refuses a cancellation, and says the same under the same key: it is carried out all the same', async () => {
    const one = await scene.paid(provider);
    await scene.faults({ on: 'call', provider, operation: 'cancel', kind: 'decline', times: 1 });
    await scene.cancel(one);
    await scene.settle();
    expect(await scene.show(one)).toMatchObject({ status: 'CANCELLED', cancelledMinor: 20_000 });
  });

  it('is asked by twenty equal confirmations on two servers, and charges once', async () => {
    const one = await scene.approved(provider);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => scene.confirm(one, { server: scene.servers[n % 2] as typeof scene.api })),
    );
    const said = answers.map(({ status, body }) => `${status} ${body.status}`);
    expect(said.filter((text) => text !== '202 IN_PROGRESS' && text !== '200 DONE')).toEqual([]);
    expect(said).toContain('200 DONE');
    expect((await scene.confirm(one)).body).toMatchObject({ status: 'DONE', chargedMinor: 20_000 });
  });

  it('is asked by twenty confirmations under one key on two servers, which get one answer', async () => {
    const one = await scene.approved(provider);
    const confirm = (n: number) =>
      scene.confirm(one, { server: scene.servers[n % 2] as typeof scene.api, key: `twenty-${provider}` });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => confirm(n)));
    const kept = new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text));
    expect(answers.filter(({ status, body }) => status !== 200 && body.code !== 'IDEMPOTENCY_KEY_IN_FLIGHT')).toEqual(
      [],
    );
    kept.add((await confirm(0)).text).add((await confirm(1)).text);
    expect(kept.size).toBe(1);
  });

  it('does not take the approval of another order, paid or not', async () => {
    const [one, unpaid] = [await scene.approved(provider), await scene.opened(await scene.order(), provider)];
    const takenOver = () => scene.confirm({ ...unpaid, approval: one.approval });
    expect((await takenOver()).status).toBeGreaterThanOrEqual(400);
    expect(await scene.confirm(one)).toMatchObject({ status: 200, body: { status: 'DONE', chargedMinor: 20_000 } });
    const third = await scene.approved(provider);
    const again = await scene.confirm({ ...third, approval: one.approval });
    // PortOne has charged by the buyer's approval of this very payment.
    expect(again.status).toBe(provider === 'PORTONE' ? 200 : 402);
    expect(await scene.show(unpaid)).toMatchObject({ chargedMinor: null });
    expect(await scene.show(one)).toMatchObject({ status: 'DONE', cancelledMinor: 0 });
  });
});

const withoutFailure = ({ code: _, message: __, ...approval }: Readonly<Record<string, string>>) => approval;

it('a payment that PortOne has not charged is not confirmed, waits for the approval, and is confirmed after it', async () => {
  const opened = await scene.opened(await scene.order(), 'PORTONE');
  const early = await scene.confirm({ ...opened, approval: { paymentId: opened.reference } });
  expect(early).toMatchObject({ status: 409, body: { code: 'PAYMENT_NOT_APPROVED' } });
  expect(await scene.show(opened)).toMatchObject({ status: 'READY', failure: { code: 'NOT_APPROVED' } });
  expect(await scene.confirm(await scene.visit(opened))).toMatchObject({
    status: 200,
    body: { status: 'DONE', failure: null },
  });
});

describe('a charge that does not fit', () => {
  it.each([
    ['another amount', 'PORTONE', { amount: 100 }, 'AMOUNT_MISMATCH'],
    ['another currency', 'PORTONE', { currency: 'USD' }, 'CURRENCY_MISMATCH'],
    ['another currency', 'TOSS', { currency: 'USD' }, 'CURRENCY_MISMATCH'],
  ] as const)('%s (%s) is not accepted and goes back', async (_what, provider, otherwise, reason) => {
    const one = await scene.approved(provider, otherwise);
    const answer = await scene.confirm(one);
    expect(answer).toMatchObject({ status: 409, body: { code: 'PAYMENT_NOT_ACCEPTED', details: { reason } } });
    expect(await statusOf(scene.database.db, one.orderId)).toBe('PENDING_PAYMENT');
    await scene.settle();
    const shown = await scene.show(one);
    expect(shown).toMatchObject({ status: 'CANCELLED', cancellingMinor: 0, failure: { code: reason } });
    expect(shown.cancelledMinor).toBe(shown.chargedMinor);
    // The checkout can be paid rightly.
    const again = await scene.visit(await scene.opened(one, provider));
    expect((await scene.confirm(again)).body.status).toBe('DONE');
  });

  it.each(['TOSS'] as const)('is not made where the provider compares the amount first (%s)', async (provider) => {
    const one = await scene.approved(provider, { amount: 100 });
    expect(await scene.confirm(one)).toMatchObject({ status: 402, body: { code: 'PAYMENT_DECLINED' } });
    expect((await scene.show(one)).chargedMinor).toBeNull();
  });

  it('comes after the checkout has expired: it goes back, and the units are for others', async () => {
    const one = await scene.approved('TOSS');
    await scene.faults({ on: 'call', provider: 'TOSS', operation: 'confirm', kind: 'cut-after', times: 1 });
    expect((await scene.confirm(one)).status).toBe(202);
    await scene.expire(one);
    await scene.settle();
    expect(await scene.show(one)).toMatchObject({ status: 'CANCELLED', failure: { code: 'CHECKOUT_EXPIRED' } });
    expect(await statusOf(scene.database.db, one.orderId)).toBe('EXPIRED');
  });
});
