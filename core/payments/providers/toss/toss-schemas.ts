/** Bodies of the Toss Payments API, version 1: https://docs.tosspayments.com/reference */
import * as z from 'zod';
import { currencyExponent } from '../../../../kernel/currency.js';
import { failureOf } from '../api-call.js';
import type { ProviderPayment } from '../provider.js';

const STATUSES = {
  READY: 'OPEN',
  IN_PROGRESS: 'OPEN',
  WAITING_FOR_DEPOSIT: 'OPEN',
  DONE: 'CHARGED',
  PARTIAL_CANCELED: 'PARTLY_CANCELLED',
  CANCELED: 'CANCELLED',
  ABORTED: 'DECLINED',
  EXPIRED: 'EXPIRED',
} as const satisfies Record<string, ProviderPayment['status']>;

export const failureSchema = z.object({ code: z.string().min(1), message: z.string().catch('') });

/**
 * Converts an amount in units of the currency to minor units: won as they are, dollars with their cents. Undefined: it is not a whole number of minor units.
 */
function minorOf(amount: number, currency: string): number | undefined {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return undefined;
  const minor = Math.round(amount * 10 ** exponent);
  return Number.isSafeInteger(minor) && minor / 10 ** exponent === amount ? minor : undefined;
}

/** Converts minor units to the units of the API. */
export const majorOf = (minor: number, currency: string): number => minor / 10 ** (currencyExponent(currency) ?? 0);

export const paymentSchema = z
  .object({
    paymentKey: z.string().min(1).max(200),
    orderId: z.string().min(1).max(64),
    status: z.enum(Object.keys(STATUSES) as [keyof typeof STATUSES, ...(keyof typeof STATUSES)[]]),
    currency: z.string(),
    totalAmount: z.number().nonnegative(),
    balanceAmount: z.number().nonnegative(),
    method: z.string().nullish(),
    failure: failureSchema.nullish(),
    cancels: z.array(z.object({ cancelStatus: z.string().nullish() })).nullish(),
  })
  .transform((payment, context): ProviderPayment => {
    const { currency, status, failure } = payment;
    // Foreign wallets carry out a cancellation later. Until then nobody knows whether the money is back, so no other one may be requested.
    if (payment.cancels?.some(({ cancelStatus }) => cancelStatus === 'IN_PROGRESS')) {
      context.addIssue({ code: 'custom', message: 'a cancellation that is being carried out' });
      return z.NEVER;
    }
    const total = minorOf(payment.totalAmount, currency);
    const balance = minorOf(payment.balanceAmount, currency);
    if (total === undefined || balance === undefined || balance > total) {
      context.addIssue({ code: 'custom', message: 'amounts that do not fit' });
      return z.NEVER;
    }
    const charged = STATUSES[status] !== 'OPEN' && STATUSES[status] !== 'DECLINED' && STATUSES[status] !== 'EXPIRED';
    return {
      providerKey: payment.paymentKey,
      reference: payment.orderId,
      amountMinor: total,
      currency,
      status: STATUSES[status],
      cancelledMinor: charged ? total - balance : 0,
      method: payment.method ?? '',
      failure: failure == null ? null : failureOf(failure.code, failure.message),
    };
  });

/** The parameters of the return address that are needed; the provider adds more, and the shop has its own. */
export const approvalSchema = z.object({ paymentKey: z.string().min(1).max(200) });

/** An event of a payment, or `DEPOSIT_CALLBACK`, which has no type and has the id of the order at the top level. */
export const webhookSchema = z.object({
  eventType: z.string().min(1).max(100).optional(),
  orderId: z.string().min(1).max(64).optional(),
  data: z
    .object({
      paymentKey: z.string().min(1).max(200).nullish(),
      orderId: z.string().min(1).max(64).nullish(),
      status: z.string().nullish().catch(null),
    })
    .optional(),
});
