/** The consumers of every runner. */
import type { Consumer } from '../../core/outbox/consumer.js';
import type { PaymentContext } from '../../core/payments/payment-step.js';
import { cart } from './cart.js';
import { type Channels, notifications } from './notifications/notifications.js';
import { paymentInquiries, providerCancels } from './payments.js';
import { salesCounts } from './sales-counts.js';
import { wallet } from './wallet.js';

/** @param timeZone of the platform */
export const outboxConsumers = (channels: Channels, payments: PaymentContext, timeZone: string): Consumer[] => [
  cart,
  salesCounts,
  wallet(timeZone),
  notifications(channels),
  providerCancels(payments),
  paymentInquiries(payments),
];
