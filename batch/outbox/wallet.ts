/** Posts payments and refunds to the ledger, so that a seller sees them in the wallet some seconds later. */
import { type Consumer, consumer } from '../../core/outbox/consumer.js';
import { postEvent } from '../../core/postings/post-event.js';

/** @param timeZone of the platform: an event counts for the date on which it happened there */
export const wallet = (timeZone: string): Consumer =>
  consumer({
    name: 'wallet',
    from: 'beginning',
    events: ['payment.succeeded', 'payment.cancelled', 'order.refunded'],
    together: 50,
    handle: (tx, event, { recordedAt }) => postEvent(tx, event, { recordedAt, timeZone }),
  });
