/** Units that were bought directly also leave the cart. */
import { clearBought } from '../../core/orders/clear-bought.js';
import { consumer } from '../../core/outbox/consumer.js';

export const cart = consumer({
  name: 'cart',
  from: 'beginning',
  events: ['payment.succeeded'],
  together: 20,
  handle: (tx, { payload: { checkoutId, units } }) =>
    clearBought(tx, { checkoutId, unitIds: units.map(({ unitId }) => unitId) }),
});
