/** The consumers of every runner. */
import type { Consumer } from '../../core/outbox/consumer.js';
import { cart } from './cart.js';
import { type Channels, notifications } from './notifications/notifications.js';
import { salesCounts } from './sales-counts.js';

export const outboxConsumers = (channels: Channels): Consumer[] => [cart, salesCounts, notifications(channels)];
