/** Posts payments and refunds to the ledger, so that a seller sees them in the wallet some seconds later. */
import { type Consumer, consumer } from '../../core/outbox/consumer.js';
import { postEvents } from '../../core/postings/post-events.js';

/** @param timeZone of the platform: an event counts for the date on which it happened there */
export const wallet = (timeZone: string): Consumer =>
  consumer({
    name: 'wallet',
    from: 'beginning',
    events: ['payment.succeeded', 'payment.cancelled', 'order.refunded'],
    together: 50,
    handle: (tx, event, context) => postEvents(tx, [{ event, context }], timeZone),
    handleAll: (tx, events) => postEvents(tx, events, timeZone),
  });
