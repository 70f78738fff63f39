/** The consumers of every runner. */
import type { Consumer } from '../../core/outbox/consumer.js';
import type { PaymentContext } from '../../core/payments/payment-step.js';
import { type AccountMailing, accountMails } from './account-mails/account-mails.js';
import { cart } from './cart.js';
import { type Channels, notifications } from './notifications/notifications.js';
import { paymentInquiries, providerCancels } from './payments.js';
import { salesCounts } from './sales-counts.js';

export const outboxConsumers = (channels: Channels & AccountMailing, payments: PaymentContext): Consumer[] => [
  cart,
  salesCounts,
  notifications(channels),
  accountMails(channels),
  providerCancels(payments),
  paymentInquiries(payments),
];
