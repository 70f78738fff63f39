/**
 * PortOne V2, as https://developers.portone.io/api/rest-v2/payment describes it: look a payment up, cancel it. The buyer's approval in the payment window charges, so
 * there is nothing to confirm; the shop looks the payment up. Webhooks are signed by the Standard Webhooks scheme (https://www.standardwebhooks.com).
 */
import { createHmac } from 'node:crypto';
import { Router } from 'express';
import * as z from 'zod';
import { type Book, cancelledOf, remainingOf, type SandboxPayment } from '../book.js';
import { SANDBOX_KEYS } from '../keys.js';
import { type Answer, type ProviderCall, providerCall, type World } from '../provider-call.js';
import type { WriteWebhook } from '../webhooks.js';

const PROVIDER = 'PORTONE';
const { apiSecret, storeId, webhookSecret } = SANDBOX_KEYS.portone;

const error = (status: number, type: string, message: string): Answer => ({ status, body: { type, message } });

const NOT_FOUND = error(404, 'PAYMENT_NOT_FOUND', '결제 건이 존재하지 않습니다.');
const INVALID = error(400, 'INVALID_REQUEST', '요청된 입력 정보가 유효하지 않습니다.');

const cancelSchema = z.object({
  storeId: z.string().optional(),
  amount: z.number().positive().optional(),
  reason: z.string().min(1),
  currentCancellableAmount: z.number().optional(),
});

/** HTTP statuses of errors that a test may request by their type; 400 for the others. */
const STATES: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  PAYMENT_NOT_FOUND: 404,
  PAYMENT_NOT_PAID: 409,
  PAYMENT_ALREADY_CANCELLED: 409,
  CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT: 409,
  CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN: 409,
  SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT: 409,
  IDEMPOTENCY_OUTSTANDING_REQUEST: 409,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  PG_PROVIDER: 502,
};

export const portoneError = (type = 'INTERNAL_SERVER_ERROR'): Answer =>
  error(
    STATES[type] ?? 400,
    type,
    type === 'PG_PROVIDER' ? 'PG사에서 오류를 전달했습니다.' : '요청을 처리하지 못했습니다.',
  );

const shared: Omit<ProviderCall, 'operation' | 'handle'> = {
  provider: PROVIDER,
  unauthorised: (req) =>
    req.get('authorization') === `PortOne ${apiSecret}`
      ? undefined
      : error(401, 'UNAUTHORIZED', '인증 정보가 올바르지 않습니다.'),
  broken: portoneError,
};

/** 16 to 256 letters, digits, `-` and `_`, in quotation marks (draft-ietf-httpapi-idempotency-key-header) or without. */
const idempotency: NonNullable<ProviderCall['idempotency']> = {
  keyOf: (req) => {
    const key = req.get('idempotency-key');
    if (key === undefined) return undefined;
    return /^("?)[\w-]{16,256}\1$/.test(key) ? key : INVALID;
  },
  inProgress: error(409, 'IDEMPOTENCY_OUTSTANDING_REQUEST', '같은 멱등 키의 요청이 처리 중입니다.'),
};

export function portoneRoutes(world: World): Router {
  const { book } = world;
  const routes = Router();
  const inquire: ProviderCall['handle'] = (req) => {
    const asked = req.query.storeId;
    if (asked !== undefined && asked !== storeId) return error(403, 'FORBIDDEN', '요청이 거절되었습니다.');
    const payment = book.byReference(PROVIDER, String(req.params.paymentId));
    return payment === undefined ? NOT_FOUND : { status: 200, body: paymentBody(payment) };
  };
  routes.get('/payments/:paymentId', providerCall(world, { ...shared, operation: 'inquire', handle: inquire }));
  routes.post(
    '/payments/:paymentId/cancel',
    providerCall(world, { ...shared, operation: 'cancel', idempotency, handle: cancel(book, world) }),
  );
  return routes;
}

const cancel =
  (book: Book, world: World): ProviderCall['handle'] =>
  (req, { declineWith, key }) => {
    const asked = cancelSchema.safeParse(req.body);
    if (!asked.success) return INVALID;
    if (asked.data.storeId !== undefined && asked.data.storeId !== storeId)
      return error(403, 'FORBIDDEN', '요청이 거절되었습니다.');
    const payment = book.byReference(PROVIDER, String(req.params.paymentId));
    if (payment === undefined) return NOT_FOUND;
    if (payment.status !== 'CHARGED') return error(409, 'PAYMENT_NOT_PAID', '결제가 완료되지 않았습니다.');
    const left = remainingOf(payment);
    if (left === 0) return error(409, 'PAYMENT_ALREADY_CANCELLED', '결제가 이미 취소되었습니다.');
    const { amount = left, reason, currentCancellableAmount } = asked.data;
    if (currentCancellableAmount !== undefined && currentCancellableAmount !== left)
      return error(409, 'CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN', '취소 가능 잔액 검증에 실패했습니다.');
    if (amount > left)
      return error(409, 'CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT', '결제 취소 금액이 취소 가능 금액을 초과했습니다.');
    if (declineWith !== undefined) return portoneError(declineWith.code ?? 'PG_PROVIDER');
    const { id, at } = book.cancel(payment, amount, reason, key);
    tellPortone(
      world,
      payment,
      remainingOf(payment) === 0 ? 'Transaction.Cancelled' : 'Transaction.PartialCancelled',
      id,
    );
    const cancellation = {
      status: 'SUCCEEDED',
      id,
      totalAmount: amount,
      taxFreeAmount: 0,
      vatAmount: 0,
      reason,
      requestedAt: at,
      cancelledAt: at,
    };
    return { status: 200, body: { cancellation } };
  };

/** Sends the webhook of a transaction. */
export function tellPortone({ webhooks }: World, payment: SandboxPayment, type: string, cancellationId?: string): void {
  const data = {
    storeId,
    paymentId: payment.reference,
    transactionId: payment.key,
    ...(cancellationId === undefined ? {} : { cancellationId }),
  };
  webhooks.tell(payment, { type, data });
}

function statusOf(payment: SandboxPayment): string {
  if (payment.status === 'DECLINED') return 'FAILED';
  if (payment.status !== 'CHARGED') return 'READY';
  if (payment.cancels.length === 0) return 'PAID';
  return remainingOf(payment) === 0 ? 'CANCELLED' : 'PARTIAL_CANCELLED';
}

const paymentBody = (payment: SandboxPayment) => ({
  status: statusOf(payment),
  id: payment.reference,
  transactionId: payment.key,
  merchantId: 'merchant-sandbox',
  storeId,
  version: 'V2',
  method: { type: 'PaymentMethodCard' },
  requestedAt: payment.requestedAt,
  updatedAt: payment.cancels.at(-1)?.at ?? payment.chargedAt ?? payment.requestedAt,
  statusChangedAt: payment.cancels.at(-1)?.at ?? payment.chargedAt ?? payment.requestedAt,
  orderName: payment.orderName,
  amount: {
    total: payment.amount,
    taxFree: 0,
    vat: 0,
    discount: 0,
    paid: payment.status === 'CHARGED' ? payment.amount : 0,
    cancelled: cancelledOf(payment),
    cancelledTaxFree: 0,
  },
  currency: payment.currency,
  ...(payment.chargedAt === null ? {} : { paidAt: payment.chargedAt }),
  ...(payment.failure === null
    ? {}
    : {
        failure: { reason: payment.failure.message, pgCode: payment.failure.code, pgMessage: payment.failure.message },
      }),
  ...(payment.cancels.length === 0
    ? {}
    : {
        cancellations: payment.cancels.map(({ id, amount, reason, at }) => ({
          status: 'SUCCEEDED',
          id,
          totalAmount: amount,
          reason,
          requestedAt: at,
          cancelledAt: at,
        })),
      }),
});

const signingKey = Buffer.from(webhookSecret.replace(/^whsec_/, ''), 'base64');

/** The signature covers the id, the time in seconds, and the body; each attempt has a time of its own. */
export const writePortoneWebhook: WriteWebhook = ({ type, data, at }, id) => {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = JSON.stringify({ type, timestamp: at, data });
  const signature = createHmac('sha256', signingKey).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    body,
  };
};
