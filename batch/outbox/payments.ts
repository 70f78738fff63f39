/** Calls of payment providers after the transaction of a payment. The duties ask a provider again that gives no answer, so nothing fails here because of it. */

import { type Consumer, consumer } from '../../core/outbox/consumer.js';
import { carryOutCancel } from '../../core/payments/carry-out-cancel.js';
import { inquirePayment, ownSteps } from '../../core/payments/inquire-payment.js';
import type { PaymentContext } from '../../core/payments/payment-step.js';

/** Gives money back as soon as the cancellation is recorded. */
export const providerCancels = (payments: PaymentContext): Consumer =>
  consumer({
    name: 'provider-cancels',
    from: 'beginning',
    events: ['payment.cancel-wanted'],
    deliver: async ({ payload: { cancelId } }, { db, requestId }) => {
      await carryOutCancel(db, payments, { cancelId, requestId });
    },
  });

/** Looks up a payment after a webhook about it. */
export const paymentInquiries = (payments: PaymentContext): Consumer =>
  consumer({
    name: 'payment-inquiries',
    from: 'beginning',
    events: ['payment.inquiry-wanted'],
    deliver: async ({ payload: { paymentId } }, { db, requestId }) => {
      await inquirePayment(payments, ownSteps(db), { paymentId, requestId });
    },
  });
