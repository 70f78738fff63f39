/**
 * Toss Payments, API version 2022-11-16, as https://docs.tosspayments.com/reference describes it: confirm, inquire by `paymentKey` and by `orderId`, cancel. The buyer
 * approves in the payment window first; nobody is charged before the shop confirms. Error codes: https://docs.tosspayments.com/reference/error-codes.
 */
import { type Request, Router } from 'express';
import * as z from 'zod';
import { type Book, cancelledOf, remainingOf, type SandboxPayment } from '../book.js';
import { SANDBOX_KEYS } from '../keys.js';
import { type Answer, type ProviderCall, providerCall, type World } from '../provider-call.js';
import type { WriteWebhook } from '../webhooks.js';
import { tossError } from './toss-errors.js';

const PROVIDER = 'TOSS';

const confirmSchema = z.object({
  paymentKey: z.string().min(1),
  orderId: z.string().min(1),
  amount: z.number().positive(),
});
const cancelSchema = z.object({
  cancelReason: z.string().min(1).max(200),
  cancelAmount: z.number().positive().optional(),
  /** The rest of the charge in the shop's view. */
  refundableAmount: z.number().optional(),
});

const shared: Omit<ProviderCall, 'operation' | 'handle'> = {
  provider: PROVIDER,
  unauthorised,
  broken: (code = 'FAILED_INTERNAL_SYSTEM_PROCESSING') => tossError(code),
  // https://docs.tosspayments.com/reference/using-api/authorization: a test may request an error by its code.
  ownFaults: (req) => {
    const code = req.get('tosspayments-test-code');
    return code === undefined ? [] : [{ on: 'call', kind: 'error-before', code }];
  },
};

const AUTHORIZATION = `Basic ${Buffer.from(`${SANDBOX_KEYS.toss.secretKey}:`).toString('base64')}`;

function unauthorised(req: Request): Answer | undefined {
  const given = req.get('authorization') ?? '';
  if (given === AUTHORIZATION) return undefined;
  const encoded = /^Basic (\S+)$/.exec(given)?.[1];
  const malformed = encoded !== undefined && !Buffer.from(encoded, 'base64').toString().includes(':');
  return tossError(malformed ? 'INCORRECT_BASIC_AUTH_FORMAT' : 'UNAUTHORIZED_KEY');
}

/** At most 300 characters, known for 15 days; here for as long as the process lives. */
const idempotency: NonNullable<ProviderCall['idempotency']> = {
  keyOf: (req) => {
    const key = req.get('idempotency-key');
    return key === undefined || (key.length > 0 && key.length <= 300) ? key : tossError('INVALID_IDEMPOTENCY_KEY');
  },
  inProgress: tossError('IDEMPOTENT_REQUEST_PROCESSING'),
};

export function tossRoutes(world: World): Router {
  const { book } = world;
  const tell = (payment: SandboxPayment) =>
    world.webhooks.tell(payment, { type: 'PAYMENT_STATUS_CHANGED', data: paymentBody(payment) });
  const routes = Router();
  const inquiry = (find: (req: Request) => SandboxPayment | undefined) =>
    providerCall(world, {
      ...shared,
      operation: 'inquire',
      handle: (req) => {
        const payment = find(req);
        return payment === undefined ? tossError('NOT_FOUND_PAYMENT') : { status: 200, body: paymentBody(payment) };
      },
    });
  routes.post(
    '/v1/payments/confirm',
    providerCall(world, { ...shared, operation: 'confirm', idempotency, handle: confirm(book, tell) }),
  );
  routes.get(
    '/v1/payments/orders/:orderId',
    inquiry((req) => book.byReference(PROVIDER, String(req.params.orderId))),
  );
  routes.get(
    '/v1/payments/:paymentKey',
    inquiry((req) => book.byKey(PROVIDER, String(req.params.paymentKey))),
  );
  routes.post(
    '/v1/payments/:paymentKey/cancel',
    providerCall(world, { ...shared, operation: 'cancel', idempotency, handle: cancel(book, tell) }),
  );
  return routes;
}

const confirm =
  (book: Book, tell: (payment: SandboxPayment) => void): ProviderCall['handle'] =>
  (req, { declineWith, key }) => {
    const asked = confirmSchema.safeParse(req.body);
    if (!asked.success) return tossError('INVALID_REQUEST');
    const payment = book.byKey(PROVIDER, asked.data.paymentKey);
    if (payment === undefined) return tossError('NOT_FOUND_PAYMENT_SESSION');
    if (payment.status === 'CHARGED') return tossError('ALREADY_PROCESSED_PAYMENT');
    if (payment.status === 'DECLINED') return tossError(payment.failure?.code ?? 'REJECT_CARD_PAYMENT');
    if (payment.status === 'OPEN') return tossError('NOT_FOUND_PAYMENT');
    if (payment.reference !== asked.data.orderId || payment.amount !== asked.data.amount)
      return tossError('FORBIDDEN_REQUEST');
    if (book.byReference(PROVIDER, payment.reference)?.status === 'CHARGED') return tossError('DUPLICATED_ORDER_ID');
    if (declineWith !== undefined) {
      const answer = tossError(declineWith.code ?? 'REJECT_CARD_COMPANY');
      payment.status = 'DECLINED';
      payment.failure = answer.body as { code: string; message: string };
      tell(payment);
      return answer;
    }
    book.charge(payment, key);
    tell(payment);
    return { status: 200, body: paymentBody(payment) };
  };

const cancel =
  (book: Book, tell: (payment: SandboxPayment) => void): ProviderCall['handle'] =>
  (req, { declineWith, key }) => {
    const asked = cancelSchema.safeParse(req.body);
    if (!asked.success) return tossError('INVALID_REQUEST');
    const payment = book.byKey(PROVIDER, String(req.params.paymentKey));
    if (payment === undefined) return tossError('NOT_FOUND_PAYMENT');
    if (payment.status !== 'CHARGED') return tossError('NOT_CANCELABLE_PAYMENT');
    const left = remainingOf(payment);
    if (left === 0) return tossError('ALREADY_CANCELED_PAYMENT');
    const { cancelAmount: amount = left, cancelReason, refundableAmount = left } = asked.data;
    if (refundableAmount !== left) return tossError('NOT_MATCHES_REFUNDABLE_AMOUNT');
    if (amount > left) return tossError('NOT_CANCELABLE_AMOUNT');
    if (declineWith !== undefined) return tossError(declineWith.code ?? 'NOT_CANCELABLE_PAYMENT');
    book.cancel(payment, amount, cancelReason, key);
    tell(payment);
    return { status: 200, body: paymentBody(payment) };
  };

const STATUSES = { OPEN: 'READY', APPROVED: 'IN_PROGRESS', CHARGED: 'DONE', DECLINED: 'ABORTED' } as const;

function statusOf(payment: SandboxPayment): string {
  if (payment.status !== 'CHARGED' || payment.cancels.length === 0) return STATUSES[payment.status];
  return remainingOf(payment) === 0 ? 'CANCELED' : 'PARTIAL_CANCELED';
}

const paymentBody = (payment: SandboxPayment) => ({
  version: '2022-11-16',
  mId: 'magam-sandbox',
  type: 'NORMAL',
  paymentKey: payment.key,
  lastTransactionKey: payment.cancels.at(-1)?.id ?? payment.key,
  orderId: payment.reference,
  orderName: payment.orderName,
  currency: payment.currency,
  method: '카드',
  status: statusOf(payment),
  requestedAt: payment.requestedAt,
  approvedAt: payment.chargedAt,
  totalAmount: payment.amount,
  balanceAmount: payment.status === 'CHARGED' ? remainingOf(payment) : payment.amount,
  cancels:
    payment.cancels.length === 0
      ? null
      : payment.cancels.map(({ id, amount, reason, at }) => ({
          transactionKey: id,
          cancelAmount: amount,
          cancelReason: reason,
          canceledAt: at,
          cancelStatus: 'DONE',
        })),
  canceledAmount: cancelledOf(payment),
  failure: payment.failure,
});

/** Toss does not sign webhooks of payments, so the receiver looks up the payment. */
export const writeTossWebhook: WriteWebhook = ({ type, data, at }, id, attempt) => ({
  headers: {
    'tosspayments-webhook-transmission-id': id,
    'tosspayments-webhook-transmission-time': new Date().toISOString(),
    'tosspayments-webhook-transmission-retried-count': String(attempt - 1),
  },
  body: JSON.stringify({ eventType: type, createdAt: at, data }),
});
