/** Bodies of the KakaoPay online API, version 1: https://developers.kakaopay.com/docs/payment/online/single-payment */
import * as z from 'zod';
import type { ProviderPayment } from '../provider.js';
import { BUSY_RESULTS } from './kakaopay-codes.js';

const STATUSES = {
  READY: 'OPEN',
  SEND_TMS: 'OPEN',
  OPEN_PAYMENT: 'OPEN',
  SELECT_METHOD: 'OPEN',
  ARS_WAITING: 'OPEN',
  AUTH_PASSWORD: 'OPEN',
  SUCCESS_PAYMENT: 'CHARGED',
  PART_CANCEL_PAYMENT: 'PARTLY_CANCELLED',
  CANCEL_PAYMENT: 'CANCELLED',
  FAIL_AUTH_PASSWORD: 'DECLINED',
  QUIT_PAYMENT: 'DECLINED',
  FAIL_PAYMENT: 'DECLINED',
} as const satisfies Record<string, ProviderPayment['status']>;

const code = z.union([z.int(), z.string().min(1)]).transform(String);

/** A refusal. A temporary one by the payment method gets its own code, which no table lists. */
export const failureSchema = z
  .object({
    error_code: code,
    error_message: z.string().catch(''),
    extras: z
      .object({ method_result_code: z.string(), method_result_message: z.string().catch('') })
      .nullish()
      .catch(null),
  })
  .transform(({ error_code, error_message, extras }) => {
    const busy = extras != null && BUSY_RESULTS.has(extras.method_result_code);
    return {
      code: busy ? extras.method_result_code : error_code,
      message: extras == null ? error_message : `${error_message} ${extras.method_result_message}`.trim(),
    };
  });

const pageUrl = z.url({ protocol: /^https?$/ });

export const readySchema = z.object({
  tid: z.string().min(1).max(200),
  next_redirect_pc_url: pageUrl,
  next_redirect_mobile_url: pageUrl.optional(),
});

/** Whole won. */
const amount = z.object({ total: z.int().nonnegative() });

const shared = {
  tid: z.string().min(1).max(200),
  cid: z.string(),
  partner_order_id: z.string().min(1).max(100),
  payment_method_type: z.string().nullish(),
  amount,
};

/** The answer to an approval: it has no status, and stands for a charge. */
export const approvedSchema = z.object({ ...shared, approved_at: z.string().min(1) }).transform((payment) => ({
  cid: payment.cid,
  payment: paymentOf(payment, 'CHARGED', 0),
}));

/** A payment that was looked up or cancelled. It has the amount given back from the charge on. */
export const paymentSchema = z
  .object({
    ...shared,
    status: z.enum(Object.keys(STATUSES) as [keyof typeof STATUSES, ...(keyof typeof STATUSES)[]]),
    canceled_amount: amount.nullish(),
  })
  .transform((payment, context) => {
    const status = STATUSES[payment.status];
    const cancelled = payment.canceled_amount?.total ?? (status === 'CANCELLED' ? payment.amount.total : 0);
    const fits = {
      CHARGED: cancelled === 0,
      PARTLY_CANCELLED: cancelled > 0 && cancelled < payment.amount.total,
      CANCELLED: cancelled === payment.amount.total,
      OPEN: cancelled === 0,
      DECLINED: cancelled === 0,
    }[status];
    if (!fits) {
      context.addIssue({ code: 'custom', message: 'an amount that does not fit the status' });
      return z.NEVER;
    }
    return { cid: payment.cid, payment: paymentOf(payment, status, cancelled) };
  });

function paymentOf(
  payment: z.infer<z.ZodObject<typeof shared>>,
  status: ProviderPayment['status'],
  cancelledMinor: number,
): ProviderPayment {
  return {
    providerKey: payment.tid,
    reference: payment.partner_order_id,
    amountMinor: payment.amount.total,
    currency: 'KRW',
    status,
    cancelledMinor,
    method: payment.payment_method_type ?? '',
    failure: null,
  };
}

/** The parameter that the provider adds to the address it sends the buyer back to. */
export const approvalSchema = z.object({ pg_token: z.string().min(1).max(200) });
