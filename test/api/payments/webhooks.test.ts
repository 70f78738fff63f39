/** Webhooks over HTTP: raw bytes, a signature, a limit of their own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rowsOf } from '../../core/orders/order-scene.js';
import { signatureOf } from '../../support/test-provider.mjs';
import { PayScene } from './pay-scene.js';

let scene: PayScene;
beforeAll(async () => {
  scene = await PayScene.open({ MAGAM_RATE_LIMIT: '30', MAGAM_WEBHOOK_RATE_LIMIT: '40' });
});
afterAll(() => scene?.end());

const send = (event: object | string, more: { readonly signature?: string; readonly provider?: string } = {}) => {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  return scene.api.call('POST', `/v1/webhooks/${more.provider ?? 'test'}`, {
    body,
    headers: { 'Content-Type': 'text/plain', 'X-Test-Signature': more.signature ?? signatureOf(body) },
  });
};

describe('a webhook', () => {
  it('has the payment looked up, once, also when two of them come in the wrong order', async () => {
    const one = await scene.approved();
    scene.bank.charge(one.key);
    const events = ['w2', 'w1', 'w2', 'w1'].map((eventId) => ({ eventId, reference: one.reference }));
    for (const event of events) expect(await send(event)).toMatchObject({ status: 200, text: '' });
    expect(await rowsOf(scene.database.db, 'payment_webhook')).toBe(2);
    expect((await scene.show(one)).status).toBe('READY');
    await scene.shop.duties();
    expect((await scene.show(one)).status).toBe('DONE');
  });

  it.each([
    ['is forged', { signature: 'wrong' }, 400, 'WEBHOOK_INVALID'],
    ['is of nobody', { provider: 'nobody' }, 409, 'PROVIDER_NOT_CONFIGURED'],
  ])('that %s is refused', async (_name, more, status, code) => {
    const one = await scene.approved();
    scene.bank.charge(one.key);
    const answer = await send({ eventId: 'forged', reference: one.reference }, more);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(await scene.shop.duties()).toBe(0);
  });

  it('is read as the bytes that were signed, whatever they are, up to a size', async () => {
    const odd = '{ "eventId" : "odd",\n  "reference":"한" }';
    expect((await send(odd)).status).toBe(200);
    expect((await send('', { signature: 'x' })).body.code).toBe('WEBHOOK_INVALID');
    const large = await send(`{"eventId":"${'x'.repeat(70_000)}"}`);
    expect([large.status, large.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('is not counted with the calls of its address, and has a limit of its own', async () => {
    const before = await scene.api.call('GET', '/v1/stock?unitIds=1');
    const left = Number(/r=(\d+)/.exec(before.headers.get('ratelimit') ?? '')?.[1]);
    const answers = [];
    for (let n = 0; n < 45; n += 1) answers.push(await send({ eventId: `many-${n}` }));
    expect(answers.at(-1)).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers[0]?.status).toBe(200);
    const after = await scene.api.call('GET', '/v1/stock?unitIds=1');
    expect(Number(/r=(\d+)/.exec(after.headers.get('ratelimit') ?? '')?.[1])).toBe(left - 1);
    // A name that no provider has is counted apart, and does not take the provider's calls away.
    expect((await send({}, { provider: 'other' })).status).toBe(409);
  });
});
