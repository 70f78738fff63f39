/** Bodies of the PortOne REST API, version 2: https://developers.portone.io/api/rest-v2/payment */
import * as z from 'zod';
import { failureOf } from '../api-call.js';
import type { ProviderPayment } from '../provider.js';

const STATUSES = {
  READY: 'OPEN',
  PENDING: 'OPEN',
  PAY_PENDING: 'OPEN',
  VIRTUAL_ACCOUNT_ISSUED: 'OPEN',
  PAID: 'CHARGED',
  PARTIAL_CANCELLED: 'PARTLY_CANCELLED',
  CANCELLED: 'CANCELLED',
  FAILED: 'DECLINED',
} as const satisfies Record<string, ProviderPayment['status']>;

export const failureSchema = z
  .object({ type: z.string().min(1), message: z.string().catch('') })
  .transform(({ type, message }) => ({ code: type, message }));

/** A payment, with the fields that tell whose it is. Amounts are in minor units, like ours. */
export const paymentSchema = z
  .object({
    id: z.string().min(1).max(200),
    storeId: z.string(),
    status: z.enum(Object.keys(STATUSES) as [keyof typeof STATUSES, ...(keyof typeof STATUSES)[]]),
    currency: z.string(),
    amount: z.object({ total: z.int().nonnegative(), cancelled: z.int().nonnegative().default(0) }),
    method: z.object({ type: z.string() }).nullish().catch(null),
    channel: z.object({ type: z.string() }).nullish(),
    cancellations: z.array(z.object({ status: z.string() })).nullish(),
    failure: z
      .object({ reason: z.string().nullish(), pgCode: z.string().nullish(), pgMessage: z.string().nullish() })
      .nullish(),
  })
  .refine(({ amount }) => amount.cancelled <= amount.total)
  // A cancellation that is only requested is carried out later; until then nobody knows whether the money is back, so no other one may be requested.
  .refine(({ cancellations }) => !cancellations?.some(({ status }) => status === 'REQUESTED'))
  .transform(({ id, storeId, status, currency, amount, method, channel, failure }) => ({
    storeId,
    isTest: channel?.type === 'TEST',
    payment: {
      providerKey: id,
      reference: id,
      amountMinor: amount.total,
      currency,
      status: STATUSES[status],
      cancelledMinor: amount.cancelled,
      method: method?.type ?? '',
      failure:
        failure == null
          ? null
          : failureOf(failure.pgCode ?? 'FAILED', failure.pgMessage ?? failure.reason ?? 'the payment failed'),
    } satisfies ProviderPayment,
  }));

/** The answer to a cancellation. A cancellation that is only requested is carried out later. */
export const cancellationSchema = z.object({
  cancellation: z.object({ status: z.enum(['SUCCEEDED', 'REQUESTED', 'FAILED']), reason: z.string().catch('') }),
});

/** The parameters that the provider's script returns to the page, or adds to the return address. */
export const approvalSchema = z.object({ paymentId: z.string().min(1).max(200) });

export const webhookSchema = z.object({
  type: z.string().min(1).max(100),
  data: z.object({ storeId: z.string().optional(), paymentId: z.string().min(1).max(200).optional() }),
});
