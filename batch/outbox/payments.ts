/** What payments ask of their providers after their transaction. A provider that gives no answer is asked again by the duties, so nothing fails here for it. */

import { type Consumer, consumer } from '../../core/outbox/consumer.js';
import { carryOutCancel } from '../../core/payments/carry-out-cancel.js';
import { inquirePayment, ownSteps } from '../../core/payments/inquire-payment.js';
import type { PaymentContext } from '../../core/payments/payment-step.js';

/** Gives money back as soon as that was decided on. */
export const providerCancels = (payments: PaymentContext): Consumer =>
  consumer({
    name: 'provider-cancels',
    from: 'beginning',
    events: ['payment.cancel-wanted'],
    deliver: async ({ payload: { cancelId } }, { db, requestId }) => {
      await carryOutCancel(db, payments, { cancelId, requestId });
    },
  });

/** Looks a payment up of which a webhook has told. */
export const paymentInquiries = (payments: PaymentContext): Consumer =>
  consumer({
    name: 'payment-inquiries',
    from: 'beginning',
    events: ['payment.inquiry-wanted'],
    deliver: async ({ payload: { paymentId } }, { db, requestId }) => {
      await inquirePayment(payments, ownSteps(db), { paymentId, requestId });
    },
  });
