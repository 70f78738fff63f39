/** Counts paid units as sold, and takes off those that were given back. The duty `add-up-sales` adds them up. */
import { insertSalesChanges } from '../../core/catalogue/stores/sales-count.js';
import { consumer } from '../../core/outbox/consumer.js';

export const salesCounts = consumer({
  name: 'sales-counts',
  from: 'beginning',
  events: ['payment.succeeded', 'order.refunded'],
  together: 100,
  handle: (tx, { type, payload: { units } }) =>
    insertSalesChanges(
      tx,
      units.map(({ productId, quantity }) => ({
        productId,
        quantity: type === 'order.refunded' ? -quantity : quantity,
      })),
    ),
});
