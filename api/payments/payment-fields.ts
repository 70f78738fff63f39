/** Payments in JSON. */
import * as z from 'zod';
import { PAYMENT_CAUSES, PAYMENT_STATUSES, PAYMENT_STEPS } from '../../core/payments/rules/payment-state.js';
import type { PaymentRecord } from '../../core/payments/stores/payment.js';
import { type PaymentCancel, readPaymentCancels } from '../../core/payments/stores/payment-cancel.js';
import { type PaymentEvent, readPaymentEvents } from '../../core/payments/stores/payment-event.js';
import type { Db } from '../../infra/database.js';
import { amountMinor, id, idText, moment } from '../edge/fields.js';

const status = z.enum(PAYMENT_STATUSES);
const failure = z.object({ code: z.string(), message: z.string() }).nullable().meta({
  description:
    'Why it could not be opened or was declined, why its outcome is unknown, or why its charge was not accepted: a code and words of the provider or of the platform.',
});

const paymentFields = {
  paymentId: id,
  checkoutId: id,
  buyerId: id.meta({ description: "The buyer's account." }),
  provider: z.string().meta({ description: '`NONE`: there was nothing to pay.', example: 'TOSS' }),
  reference: z.string().meta({ description: 'Random; names the payment to the provider.' }),
  status,
  currency: z.string().meta({ description: 'ISO 4217.', example: 'KRW' }),
  amountMinor: amountMinor.meta({ description: 'The amount to be paid.' }),
  chargedMinor: amountMinor
    .nullable()
    .meta({ description: 'The amount that the provider has charged; null: nothing, as far as is known.' }),
  cancelledMinor: amountMinor.meta({ description: 'The part of it that was refunded to the buyer.' }),
  cancellingMinor: amountMinor.meta({ description: 'The part of it that is still being refunded.' }),
  cancelledElsewhereMinor: amountMinor.meta({
    description: 'Refunds that were not requested here, such as a cancellation by hand on the page of the provider.',
  }),
  method: z.string().nullable().meta({ description: 'Card, transfer and the like, in the words of the provider.' }),
  failure,
  createdAt: moment,
  chargedAt: moment.nullable().meta({ description: 'When it became known that the provider has charged.' }),
  updatedAt: moment,
};

/** A payment as lists show it. */
export const paymentSummarySchema = z.object(paymentFields).meta({ id: 'PaymentSummary' });

const cancelSchema = z
  .object({
    cancelId: id,
    orderId: id.nullable().meta({ description: 'Null: the charge was not accepted, and all of it is refunded.' }),
    refundId: id.nullable(),
    amountMinor,
    reason: z.string(),
    status: z.enum(['PENDING', 'DONE']).meta({ description: '`DONE`: the money is back.' }),
    attempts: z.number().int().min(0),
    failure: failure.meta({ description: 'Why the last try failed.' }),
    createdAt: moment,
    doneAt: moment.nullable(),
  })
  .meta({ id: 'PaymentCancel' });

const eventSchema = z
  .object({
    step: z.enum(PAYMENT_STEPS),
    fromStatus: status.nullable(),
    toStatus: status,
    causedBy: z.enum(PAYMENT_CAUSES),
    reason: z.string(),
    createdAt: moment,
  })
  .meta({ id: 'PaymentEvent' });

export const paymentSchema = z
  .object({
    ...paymentFields,
    cancels: z.array(cancelSchema).meta({ description: 'Oldest first; if there are more, the newest 200.' }),
    history: z.array(eventSchema).meta({ description: 'Oldest first; of a longer history the newest 200.' }),
  })
  .meta({ id: 'Payment' });

const failureOf = (code: string | null, message: string | null) =>
  code === null ? null : { code, message: message ?? '' };

export const paymentSummaryBody = (payment: PaymentRecord): z.input<typeof paymentSummarySchema> => ({
  paymentId: payment.paymentId,
  checkoutId: payment.checkoutId,
  buyerId: payment.buyerId,
  provider: payment.provider,
  reference: payment.reference,
  status: payment.status,
  currency: payment.currency,
  amountMinor: payment.amountMinor,
  chargedMinor: payment.chargedMinor,
  cancelledMinor: payment.cancelledMinor,
  cancellingMinor: payment.cancellingMinor,
  cancelledElsewhereMinor: payment.elsewhereMinor,
  method: payment.method,
  failure: failureOf(payment.failureCode, payment.failureMessage),
  createdAt: payment.createdAt,
  chargedAt: payment.chargedAt,
  updatedAt: payment.updatedAt,
});

const cancelBody = (cancel: PaymentCancel): z.input<typeof cancelSchema> => ({
  cancelId: cancel.cancelId,
  orderId: cancel.orderId,
  refundId: cancel.refundId,
  amountMinor: cancel.amountMinor,
  reason: cancel.reason,
  status: cancel.status,
  attempts: cancel.attempts,
  failure: failureOf(cancel.failureCode, cancel.failureMessage),
  createdAt: cancel.createdAt,
  doneAt: cancel.doneAt,
});

const eventBody = ({ step, fromStatus, toStatus, causedBy, reason, createdAt }: PaymentEvent) => ({
  step,
  fromStatus,
  toStatus,
  causedBy,
  reason,
  createdAt,
});

/** A payment with its refunds and its history. */
export const readPaymentBody = async (db: Db, payment: PaymentRecord): Promise<z.input<typeof paymentSchema>> => ({
  ...paymentSummaryBody(payment),
  cancels: (await readPaymentCancels(db, payment.paymentId)).map(cancelBody),
  history: (await readPaymentEvents(db, payment.paymentId)).map(eventBody),
});

export const paymentParams = z.strictObject({ paymentId: idText.meta({ description: 'The payment.' }) });
export const statusQuery = status.optional().meta({ description: 'Only payments with this status.' });
