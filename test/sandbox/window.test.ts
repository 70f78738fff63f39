/** The page on which the buyer decides, and the mails and messages that come to the sandbox. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import nodemailer from 'nodemailer';
import { openScene, type Scene } from './scene.js';

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
  expect((await visit(opened.to)).html).toContain('decided already');
  expect((await visit(opened.to, 'decline')).to).toBe(back.href);
});

it('takes a buyer who declines to the other address', async () => {
  const { to } = await visit(toss());
  expect((await visit(to, 'decline')).to).toMatch(/^http:\/\/127\.0\.0\.1\/no\?code=PAY_PROCESS_CANCELED&message=/);
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
  ['a payment that is not there', '/window/toss/nobody', 404],
  ['a provider that is not there', '/window/paypal/x', 404],
])('refuses %s', async (_what, path, status) => {
  expect((await visit(path)).status).toBe(status);
});

it('keeps the mails that it gets, and shows them', async () => {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: scene.sandbox.mailPort, ignoreTLS: true });
  await transport.sendMail({
    from: 'shop@example.com',
    to: ['a@example.com', 'b@example.com'],
    subject: '결제가 완료되었습니다: 운동화 한 켤레와 아주 긴 제목',
    text: '안녕하세요',
    messageId: '<event-7@magam>',
  });
  transport.close();
  expect((await scene.call('GET', '/sandbox/mails')).body).toMatchObject([
    {
      from: 'shop@example.com',
      to: ['a@example.com', 'b@example.com'],
      subject: '결제가 완료되었습니다: 운동화 한 켤레와 아주 긴 제목',
      messageId: '<event-7@magam>',
      raw: expect.stringContaining('Subject:'),
    },
  ]);
});

it('takes messages in the format of Slack, and no others', async () => {
  expect(await scene.call('POST', '/slack', { text: 'a payment is unclear' })).toEqual({ status: 200, body: 'ok' });
  expect((await scene.call('POST', '/slack', { message: 'x' })).status).toBe(400);
  expect((await scene.call('GET', '/sandbox/slack')).body).toMatchObject([{ text: 'a payment is unclear' }]);
});

it('answers a body that is no JSON with a refusal', async () => {
  const answer = await fetch(`${scene.sandbox.url}/sandbox/payments`, {
    method: 'POST',
    body: '{',
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(400);
});
