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

const PROVIDER = 'TOSS';

const error = (status: number, code: string, message: string): Answer => ({ status, body: { code, message } });

const NOT_FOUND = error(404, 'NOT_FOUND_PAYMENT', '존재하지 않는 결제 정보 입니다.');
const INVALID = error(400, 'INVALID_REQUEST', '잘못된 요청입니다.');

const confirmSchema = z.object({
  paymentKey: z.string().min(1),
  orderId: z.string().min(1),
  amount: z.number().positive(),
});
const cancelSchema = z.object({
  cancelReason: z.string().min(1).max(200),
  cancelAmount: z.number().positive().optional(),
  refundableAmount: z.number().nonnegative().optional(),
});

const authorization = `Basic ${Buffer.from(`${SANDBOX_KEYS.toss.secretKey}:`).toString('base64')}`;

const shared: Omit<ProviderCall, 'operation' | 'handle'> = {
  provider: PROVIDER,
  unauthorised: (req) =>
    req.get('authorization') === authorization
      ? undefined
      : error(401, 'UNAUTHORIZED_KEY', '인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.'),
  declined: (code = 'REJECT_CARD_COMPANY') => error(403, code, '결제 승인이 거절되었습니다.'),
  broken: error(
    500,
    'FAILED_INTERNAL_SYSTEM_PROCESSING',
    '내부 시스템 처리 작업이 실패했습니다. 잠시 후 다시 시도해주세요.',
  ),
};

/** At most 300 characters, known for 15 days; here for as long as the process lives. */
const idempotency: NonNullable<ProviderCall['idempotency']> = {
  keyOf: (req) => {
    const key = req.get('idempotency-key');
    if (key === undefined) return undefined;
    return key.length > 0 && key.length <= 300
      ? key
      : error(400, 'INVALID_IDEMPOTENCY_KEY', '멱등키는 300자 이하여야 합니다.');
  },
  inProgress: error(409, 'IDEMPOTENT_REQUEST_PROCESSING', '이전 멱등 요청이 처리중입니다.'),
};

export function tossRoutes(world: World): Router {
  const { book } = world;
  const tell = (payment: SandboxPayment) =>
    world.webhooks.tell(PROVIDER, payment.reference, { type: 'PAYMENT_STATUS_CHANGED', data: paymentBody(payment) });
  const routes = Router();
  const inquiry = (find: (req: Request) => SandboxPayment | undefined) =>
    providerCall(world, {
      ...shared,
      operation: 'inquire',
      handle: (req) => {
        const payment = find(req);
        return payment === undefined ? NOT_FOUND : { status: 200, body: paymentBody(payment) };
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
    if (!asked.success) return INVALID;
    const payment = book.byKey(PROVIDER, asked.data.paymentKey);
    if (payment === undefined)
      return error(404, 'NOT_FOUND_PAYMENT_SESSION', '결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다.');
    if (payment.status === 'CHARGED') return error(400, 'ALREADY_PROCESSED_PAYMENT', '이미 처리된 결제 입니다.');
    if (payment.status === 'DECLINED')
      return error(403, payment.failure?.code ?? 'REJECT_CARD_PAYMENT', payment.failure?.message ?? '');
    if (payment.status === 'OPEN') return error(404, 'NOT_FOUND_PAYMENT', '존재하지 않는 결제 정보 입니다.');
    if (payment.reference !== asked.data.orderId || payment.amount !== asked.data.amount)
      return error(403, 'FORBIDDEN_REQUEST', '허용되지 않은 요청입니다.');
    if (declineWith !== undefined) {
      const answer = shared.declined(declineWith.code);
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
    if (!asked.success) return INVALID;
    const payment = book.byKey(PROVIDER, String(req.params.paymentKey));
    if (payment === undefined) return NOT_FOUND;
    if (payment.status !== 'CHARGED') return error(403, 'NOT_CANCELABLE_PAYMENT', '취소 할 수 없는 결제 입니다.');
    const left = remainingOf(payment);
    if (left === 0) return error(400, 'ALREADY_CANCELED_PAYMENT', '이미 취소된 결제 입니다.');
    const { cancelAmount: amount = left, refundableAmount } = asked.data;
    if (refundableAmount !== undefined && refundableAmount !== left)
      return error(400, 'NOT_MATCHES_REFUNDABLE_AMOUNT', '잔액 결과가 일치하지 않습니다.');
    if (amount > left) return error(403, 'NOT_CANCELABLE_AMOUNT', '취소 할 수 없는 금액 입니다.');
    if (declineWith !== undefined)
      return error(403, declineWith.code ?? 'NOT_CANCELABLE_PAYMENT', '취소 할 수 없는 결제 입니다.');
    book.cancel(payment, amount, asked.data.cancelReason, key);
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

/** Toss signs webhooks of payments with nothing: who gets one looks the payment up. */
export const writeTossWebhook: WriteWebhook = ({ type, data }, id, attempt) => ({
  headers: {
    'tosspayments-webhook-transmission-id': id,
    'tosspayments-webhook-transmission-time': new Date().toISOString(),
    'tosspayments-webhook-transmission-retried-count': String(attempt - 1),
  },
  body: JSON.stringify({ eventType: type, createdAt: new Date().toISOString(), data }),
});
