/** The consumers of every runner. */
import type { Consumer } from '../../core/outbox/consumer.js';
import type { PaymentContext } from '../../core/payments/payment-step.js';
import { type AccountMailing, accountMails } from './account-mails/account-mails.js';
import { cart } from './cart.js';
import { type Notifying, notifications } from './notifications/notifications.js';
import { paymentInquiries, providerCancels } from './payments.js';
import { salesCounts } from './sales-counts.js';

/** @param alarms the channels of alarms */
export const outboxConsumers = (
  notifying: Notifying & AccountMailing,
  payments: PaymentContext,
  alarms: readonly Consumer[],
): Consumer[] => [
  cart,
  salesCounts,
  notifications(notifying),
  accountMails(notifying),
  providerCancels(payments),
  paymentInquiries(payments),
  ...alarms,
];
