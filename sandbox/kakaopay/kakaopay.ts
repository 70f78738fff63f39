/**
 * KakaoPay's online single payment, as https://developers.kakaopay.com/docs/payment/online/single-payment describes it: the shop prepares the payment
 * (`ready`), the buyer approves on KakaoPay's page and brings back a `pg_token`, with which the shop approves (that charges); it also looks up (`order`) and
 * cancels. The API has no idempotency keys and sends no webhooks of payments. Error codes: https://developers.kakaopay.com/docs/payment/online/common. A
 * recurring payment would be a `sid` in the answer of `approve` and a call `subscription`, beside these.
 */
import { Router } from 'express';
import * as z from 'zod';
import { type Book, cancelledOf, remainingOf, type SandboxPayment } from '../book.js';
import { SANDBOX_KEYS } from '../keys.js';
import { type Answer, type ProviderCall, providerCall, type World } from '../provider-call.js';

const PROVIDER = 'KAKAOPAY';
const { cid: ownCid, secretKey } = SANDBOX_KEYS.kakaopay;

const error = (status: number, code: number, message: string, result?: string): Answer => ({
  status,
  body: {
    error_code: code,
    error_message: message,
    ...(result === undefined ? {} : { extras: { method_result_code: result, method_result_message: message } }),
  },
});

const INVALID = error(400, -2, 'Invalid request parameter.');
const NO_TID = error(400, -721, '존재하지 않는 TID입니다.');

const cid = z.literal(ownCid);
const wholeNumber = z.coerce.number().int().min(0);
const readySchema = z.object({
  cid,
  partner_order_id: z.string().min(1).max(100),
  partner_user_id: z.string().min(1).max(100),
  item_name: z.string().min(1).max(100),
  quantity: wholeNumber.min(1),
  total_amount: wholeNumber.min(1),
  tax_free_amount: wholeNumber,
  approval_url: z.url(),
  cancel_url: z.url(),
  fail_url: z.url(),
});
const approveSchema = z.object({
  cid,
  tid: z.string().min(1),
  partner_order_id: z.string().min(1),
  partner_user_id: z.string().min(1),
  pg_token: z.string().min(1),
  total_amount: wholeNumber.optional(),
});
const orderSchema = z.object({ cid, tid: z.string().min(1) });
const cancelSchema = z.object({
  cid,
  tid: z.string().min(1),
  cancel_amount: wholeNumber.min(1),
  cancel_tax_free_amount: wholeNumber,
  cancel_available_amount: wholeNumber.optional(),
});

/** HTTP statuses of errors that a test may request by their number; 400 for the others. */
const STATES: Readonly<Record<string, number>> = { '-1': 500, '-7': 500, '-603': 500, '-9798': 503, '-401': 401 };

const shared: Omit<ProviderCall, 'operation' | 'handle'> = {
  provider: PROVIDER,
  unauthorised: (req) =>
    req.get('authorization') === `SECRET_KEY ${secretKey}` ? undefined : error(401, -401, 'authentication failed'),
  broken: (code = '-1') => error(STATES[code] ?? 400, Number(code) || -1, 'the sandbox was asked for this error'),
};

/** @param url the address of this sandbox, for the buyer's page */
export function kakaopayRoutes(world: World, url: () => string): Router {
  const { book } = world;
  const call = (operation: ProviderCall['operation'], handle: ProviderCall['handle']) =>
    providerCall(world, { ...shared, operation, handle });
  const routes = Router();
  routes.post('/online/v1/payment/ready', call('open', ready(book, url)));
  routes.post('/online/v1/payment/approve', call('confirm', approve(book)));
  routes.post('/online/v1/payment/order', call('inquire', order(book)));
  routes.post('/online/v1/payment/cancel', call('cancel', cancel(book)));
  return routes;
}

const ready =
  (book: Book, url: () => string): ProviderCall['handle'] =>
  (req) => {
    const asked = readySchema.safeParse(req.body);
    if (!asked.success) return INVALID;
    const { data } = asked;
    const payment = book.open({
      provider: PROVIDER,
      key: book.newKey(PROVIDER),
      reference: data.partner_order_id,
      amount: data.total_amount,
      currency: 'KRW',
      orderName: data.item_name,
      buyer: data.partner_user_id,
      successUrl: data.approval_url,
      failUrl: data.fail_url,
      cancelUrl: data.cancel_url,
    });
    const page = `${url()}/window/kakaopay/${payment.key}`;
    return {
      status: 200,
      body: {
        tid: payment.key,
        next_redirect_app_url: page,
        next_redirect_mobile_url: page,
        next_redirect_pc_url: page,
        android_app_scheme: '',
        ios_app_scheme: '',
        created_at: localTime(payment.requestedAt),
      },
    };
  };

const approve =
  (book: Book): ProviderCall['handle'] =>
  (req, { declineWith }) => {
    const asked = approveSchema.safeParse(req.body);
    if (!asked.success) return INVALID;
    const { tid, pg_token: token, partner_order_id: orderId, partner_user_id: buyer } = asked.data;
    const payment = book.byKey(PROVIDER, tid);
    if (payment === undefined) return NO_TID;
    if (payment.status === 'CHARGED') return error(400, -702, '이미 결제완료된 TID입니다.');
    if (payment.reference !== orderId) return error(400, -706, '주문번호가 일치하지 않습니다.');
    if (payment.buyer !== buyer) return error(400, -707, '회원 아이디가 일치하지 않습니다.');
    if (asked.data.total_amount !== undefined && asked.data.total_amount !== payment.amount)
      return error(400, -704, '결제 금액이 일치하지 않습니다.');
    if (payment.status === 'DECLINED') return error(400, -780, 'approval failure!', payment.failure?.code ?? 'QUIT');
    if (payment.token === null) return error(400, -701, '결제 인증이 완료되지 않았습니다.');
    if (payment.token !== token) return error(400, -708, 'pg_token이 올바르지 않습니다.');
    if (declineWith !== undefined) {
      const code = declineWith.code ?? 'BANK_REFUSED';
      payment.status = 'DECLINED';
      payment.failure = { code, message: 'approval failure!' };
      return error(400, -780, 'approval failure!', code);
    }
    book.charge(payment);
    const approved = {
      aid: `A${payment.key.slice(1)}`,
      ...named(payment),
      payment_method_type: 'MONEY',
      amount: amountOf(payment),
      item_name: payment.orderName,
      quantity: 1,
      created_at: localTime(payment.requestedAt),
      approved_at: localTime(payment.chargedAt),
    };
    return { status: 200, body: approved };
  };

const order =
  (book: Book): ProviderCall['handle'] =>
  (req) => {
    const asked = orderSchema.safeParse(req.body);
    if (!asked.success) return INVALID;
    const payment = book.byKey(PROVIDER, asked.data.tid);
    return payment === undefined ? NO_TID : { status: 200, body: orderBody(payment) };
  };

const cancel =
  (book: Book): ProviderCall['handle'] =>
  (req, { declineWith }) => {
    const asked = cancelSchema.safeParse(req.body);
    if (!asked.success) return INVALID;
    const payment = book.byKey(PROVIDER, asked.data.tid);
    if (payment === undefined) return NO_TID;
    const left = remainingOf(payment);
    if (payment.status !== 'CHARGED' || left === 0)
      return error(400, -710, '이미 취소되었거나 취소할 수 없는 결제입니다.');
    const { cancel_amount: amount, cancel_available_amount: available } = asked.data;
    if (amount > left || (available !== undefined && available !== left))
      return error(400, -722, '취소 가능 금액이 맞지 않습니다.');
    if (declineWith !== undefined) return error(400, -781, 'cancel failure!', declineWith.code ?? 'BANK_REFUSED');
    const { at } = book.cancel(payment, amount, '');
    const body = {
      aid: `A${payment.key.slice(1)}`,
      ...orderBody(payment),
      approved_cancel_amount: parts(amount),
      canceled_at: localTime(at),
    };
    return { status: 200, body };
  };

const STATUSES = {
  OPEN: 'READY',
  APPROVED: 'AUTH_PASSWORD',
  CHARGED: 'SUCCESS_PAYMENT',
  DECLINED: 'FAIL_PAYMENT',
} as const;

function statusOf(payment: SandboxPayment): string {
  if (payment.status === 'DECLINED' && payment.failure?.code === 'QUIT') return 'QUIT_PAYMENT';
  if (payment.status !== 'CHARGED' || payment.cancels.length === 0) return STATUSES[payment.status];
  return remainingOf(payment) === 0 ? 'CANCEL_PAYMENT' : 'PART_CANCEL_PAYMENT';
}

const parts = (total: number) => ({ total, tax_free: 0, vat: 0, point: 0, discount: 0, green_deposit: 0 });
const amountOf = ({ amount }: SandboxPayment) => parts(amount);
const named = ({ key, reference, buyer }: SandboxPayment) => ({
  tid: key,
  cid: ownCid,
  partner_order_id: reference,
  partner_user_id: buyer,
});

const orderBody = (payment: SandboxPayment) => ({
  ...named(payment),
  status: statusOf(payment),
  payment_method_type: payment.status === 'CHARGED' ? 'MONEY' : null,
  amount: amountOf(payment),
  canceled_amount: parts(cancelledOf(payment)),
  cancel_available_amount: parts(payment.status === 'CHARGED' ? remainingOf(payment) : 0),
  item_name: payment.orderName,
  quantity: 1,
  created_at: localTime(payment.requestedAt),
  approved_at: localTime(payment.chargedAt),
  canceled_at: localTime(payment.cancels.at(-1)?.at ?? null),
});

/** Times in Seoul without a zone, as KakaoPay writes them. */
const localTime = (at: string | null): string | null =>
  at === null ? null : new Date(Date.parse(at) + 9 * 3_600_000).toISOString().slice(0, 19);
