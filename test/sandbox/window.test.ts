/** The page on which the buyer decides, and the mails and messages that come to the sandbox. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import nodemailer from 'nodemailer';
import { Kept } from '../../sandbox/kept.js';
import { openScene, PORTONE, type Scene } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.sandbox.close());

async function visit(path: string, decision?: string) {
  const answer = await fetch(new URL(path, scene.sandbox.url), {
    redirect: 'manual',
    ...(decision === undefined ? {} : { method: 'POST', body: new URLSearchParams({ decision }) }),
  });
  return { status: answer.status, to: answer.headers.get('location') ?? '', html: await answer.text() };
}

const toss = (more: Readonly<Record<string, string>> = {}) =>
  `/window/toss?${new URLSearchParams({
    clientKey: 'test_ck_sandbox',
    orderId: 'order-1',
    amount: '39000',
    orderName: '운동화 <b>& 끈',
    successUrl: 'http://127.0.0.1/ok?shop=1',
    failUrl: 'http://127.0.0.1/no',
    ...more,
  })}`;

it('shows a Toss payment and takes the buyer back with its key', async () => {
  const opened = await visit(toss());
  expect(opened).toMatchObject({ status: 303, to: expect.stringMatching(/^\/window\/toss\//) });
  const page = await visit(opened.to);
  expect(page.status).toBe(200);
  expect(page.html).toContain('₩39,000');
  expect(page.html).toContain('운동화 &lt;b&gt;&amp; 끈');
  const back = new URL((await visit(opened.to, 'approve')).to);
  expect(Object.fromEntries(back.searchParams)).toEqual({
    shop: '1',
    paymentType: 'NORMAL',
    orderId: 'order-1',
    paymentKey: opened.to.split('/').at(-1),
    amount: '39000',
  });
  const after = (await visit(opened.to)).html;
  expect(after).toContain('already decided');
  expect(after).not.toContain('Approve');
  expect((await visit(opened.to, 'decline')).to).toBe(back.href);
});

it('takes a buyer who declines to the other address', async () => {
  const { to } = await visit(toss());
  const back = new URL((await visit(to, 'decline')).to);
  expect(back.pathname).toBe('/no');
  expect(Object.fromEntries(back.searchParams)).toEqual({
    code: 'PAY_PROCESS_CANCELED',
    message: '결제가 취소되었습니다.',
  });
  const refused = new URL((await visit(toss())).to, scene.sandbox.url).pathname.split('/').at(-1);
  const { body } = await scene.call('POST', `/sandbox/payments/toss/${refused}/decline`, {
    code: 'REJECT_CARD_COMPANY',
  });
  expect(new URL(body.sentTo).searchParams.get('orderId')).toBe('order-1');
});

it('opens a PortOne window again where it was left, and charges with the approval', async () => {
  const query = new URLSearchParams({
    storeId: 'store-sandbox',
    paymentId: 'p1',
    totalAmount: '1250',
    currency: 'USD',
    orderName: 'a',
    redirectUrl: 'http://127.0.0.1/back',
  });
  const { to } = await visit(`/window/portone?${query}`);
  expect((await visit(`/window/portone?${query}`)).to).toBe(to);
  expect((await visit(to)).html).toContain('US$12.50');
  expect((await visit(to, 'approve')).to).toMatch(
    /^http:\/\/127\.0\.0\.1\/back\?transactionType=PAYMENT&txId=[^&]+&paymentId=p1$/,
  );
  expect(scene.sandbox.book.read().sums).toEqual({ USD: { charged: 1_250, cancelled: 0 } });
});

it.each([
  ['another client key', toss({ clientKey: 'live' }), 400],
  ['an address that is no web address', toss({ successUrl: 'javascript:alert(1)' }), 400],
  ['no amount', toss({ amount: '' }), 400],
  ['an order number that Toss does not take', toss({ orderId: 'a b' }), 400],
  ['a payment that is not there', '/window/toss/nobody', 404],
  ['a provider that is not there', '/window/paypal/x', 404],
])('refuses %s', async (_what, path, status) => {
  expect((await visit(path)).status).toBe(status);
});

it('applies faults to the approval that charges', async () => {
  const { body } = await scene.call('POST', '/sandbox/payments', { provider: 'PORTONE', reference: 'cut', amount: 7 });
  scene.sandbox.faults.set([{ on: 'call', provider: 'PORTONE', operation: 'confirm', kind: 'cut-after', times: 1 }]);
  await expect(visit(`/window/portone/${body.key}`, 'approve')).rejects.toThrow('fetch failed');
  expect(scene.sandbox.book.byKey('PORTONE', body.key)?.status).toBe('CHARGED');
});

it('keeps the mails that it gets, and shows them', async () => {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: scene.sandbox.mailPort, ignoreTLS: true });
  await transport.sendMail({
    from: 'shop@example.com',
    to: ['a@example.com', 'b@example.com'],
    subject: '결제가 완료되었습니다: 운동화 한 켤레와 아주 긴 제목',
    text: '안녕하세요 <b>',
    messageId: '<event-7@magam>',
  });
  transport.close();
  expect((await scene.call('GET', '/sandbox/mails')).body).toMatchObject([
    {
      from: 'shop@example.com',
      to: ['a@example.com', 'b@example.com'],
      subject: '결제가 완료되었습니다: 운동화 한 켤레와 아주 긴 제목',
      messageId: '<event-7@magam>',
      text: expect.stringContaining('안녕하세요 <b>'),
      raw: expect.stringContaining('Subject:'),
    },
  ]);
  const page = await visit('/mails');
  expect(page.html).toContain('a@example.com, b@example.com');
  expect(page.html).toContain('안녕하세요 &lt;b&gt;');
  expect((await visit('/')).html).toContain('href="/mails"');
  await scene.call('POST', '/sandbox/reset');
  expect((await visit('/mails')).html).toContain('No mail has come');
});

it('refuses a mail that is too large', async () => {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: scene.sandbox.mailPort, ignoreTLS: true });
  const mail = { from: 'a@example.com', to: 'b@example.com', text: 'a'.repeat(2 * 1024 * 1024) };
  await expect(transport.sendMail(mail)).rejects.toMatchObject({ responseCode: 552 });
  transport.close();
  expect(scene.sandbox.mailbox.read()).toEqual([]);
});

it('takes messages in the format of Slack, and no others', async () => {
  const form = (payload: string) =>
    fetch(`${scene.sandbox.url}/slack`, { method: 'POST', body: new URLSearchParams({ payload }) });
  expect(await scene.call('POST', '/slack', { text: 'a payment is unclear' })).toEqual({ status: 200, body: 'ok' });
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'dead letters: 2' } }];
  expect((await scene.call('POST', '/slack', { blocks })).status).toBe(200);
  expect((await form(JSON.stringify({ text: 'by a form' }))).status).toBe(200);
  expect(await scene.call('POST', '/slack', { message: 'x' })).toEqual({ status: 400, body: 'no_text' });
  expect(await scene.call('POST', '/slack', { text: 7 })).toEqual({ status: 400, body: 'invalid_payload' });
  expect((await form('{')).status).toBe(400);
  expect((await scene.call('GET', '/sandbox/slack')).body).toMatchObject([
    { text: 'a payment is unclear' },
    { text: '', message: { blocks } },
    { text: 'by a form' },
  ]);
});

it('keeps the newest alone, by their number and by their bytes', () => {
  const kept = new Kept<string>(3, 10);
  for (const item of ['a', 'b', 'c', 'd']) kept.add(item, 1);
  expect(kept.read()).toEqual(['b', 'c', 'd']);
  kept.add('long', 9);
  expect(kept.read()).toEqual(['d', 'long']);
  kept.add('longer than all', 11);
  expect(kept.read()).toEqual([]);
});

it('answers a body that is no JSON with a refusal', async () => {
  const answer = await fetch(`${scene.sandbox.url}/sandbox/payments`, {
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(400);
});

it.each([
  ['/sandbox/nothing', 'GET', undefined, 404],
  ['/sandbox/payments', 'POST', { provider: 'PAYPAL', reference: 'r', amount: 1 }, 400],
  ['/sandbox/payments', 'POST', { provider: 'TOSS', reference: 'r', amount: -1 }, 400],
  ['/sandbox/payments', 'POST', { provider: 'TOSS', reference: 'r', amount: 1, successUrl: 'javascript:x' }, 400],
  ['/sandbox/payments/toss/nobody/approve', 'POST', undefined, 404],
  ['/slack', 'POST', { text: 'a'.repeat(300_000) }, 413],
])('refuses %s', async (path, method, body, status) => {
  expect((await scene.call(method, path, body)).status).toBe(status);
});

it('says that it is full, and goes on after a reset', async () => {
  const own = await openScene({ keptMax: 1 });
  try {
    expect(await own.approved('PORTONE', 'p1')).toBeTruthy();
    const more = { provider: 'PORTONE', reference: 'p2', amount: 1 };
    expect(await own.call('POST', '/sandbox/payments', more)).toMatchObject({
      status: 503,
      body: { code: 'SANDBOX_FULL' },
    });
    const cancel = () => own.call('POST', '/payments/p1/cancel', { reason: 'r' }, PORTONE);
    expect(await cancel()).toMatchObject({ status: 503, body: { type: 'SANDBOX_FULL' } });
    expect(own.sandbox.book.byReference('PORTONE', 'p1')?.cancels).toEqual([]);
    await own.call('POST', '/sandbox/reset');
    expect((await own.call('POST', '/sandbox/payments', more)).status).toBe(201);
  } finally {
    await own.sandbox.close();
  }
});
