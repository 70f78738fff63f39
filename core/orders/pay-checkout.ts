/** The payment of a checkout has arrived. This is the only place where an order becomes paid, whichever process learns of the payment. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { recordEvents } from '../outbox/record-events.js';
import { commitReservation } from '../stock/end-reservation.js';
import type { Actor } from './order-step.js';
import { afterStep } from './rules/order-state.js';
import { endPending, lockCheckout } from './stores/checkout.js';
import { lockOrdersOf, movePendingOrders, type OrderRecord } from './stores/order.js';
import { insertOrderEvents } from './stores/order-event.js';
import { readOrderLines } from './stores/order-line.js';

/**
 * Pays a checkout: its pending orders are paid, and the units that it holds are sold. Refuses with CHECKOUT_NOT_FOUND, CHECKOUT_STATE_CONFLICT (paid or
 * cancelled), CHECKOUT_EXPIRED (by the database's clock, even before a duty has ended it), PAYMENT_IN_PROGRESS or FORBIDDEN. Throws CHECKOUT_EXPIRED when the
 * hold ended at this very moment: the caller then rolls back the transaction.
 * @param paymentId of the payment; null: the checkout is marked as paid by hand, which is refused while a payment is being made
 */
export async function payCheckout(
  tx: Tx,
  checkoutId: number,
  { cause, requestedBy, requestId = '' }: Actor,
  paymentId: number | null = null,
): Promise<Refusal | undefined> {
  const to = afterStep('PENDING_PAYMENT', 'PAY', cause);
  if (isRefusal(to)) return to;
  const checkout = await lockCheckout(tx, checkoutId);
  if (checkout === undefined) return refuse('CHECKOUT_NOT_FOUND', { checkoutId });
  const { status, expired } = checkout;
  if (status === 'EXPIRED' || (status === 'PENDING_PAYMENT' && expired))
    return refuse('CHECKOUT_EXPIRED', { checkoutId });
  if (status !== 'PENDING_PAYMENT') return refuse('CHECKOUT_STATE_CONFLICT', { checkoutId, status });
  if (checkout.paying && paymentId === null) return refuse('PAYMENT_IN_PROGRESS', { checkoutId });
  const orders = (await lockOrdersOf(tx, checkoutId)).filter((order) => order.status === 'PENDING_PAYMENT');
  await endPending(tx, checkoutId, 'PAID');
  await movePendingOrders(tx, checkoutId, to);
  await insertOrderEvents(
    tx,
    orders.map(({ orderId, status: fromStatus }) => ({
      orderId,
      step: 'PAY' as const,
      fromStatus,
      toStatus: to,
      causedBy: cause,
      requestedBy,
      reason: '',
    })),
  );
  const { buyerId, currency, dueMinor: amountMinor } = checkout;
  const units = await paidUnits(tx, orders);
  const payload = { paymentId, checkoutId, buyerId, currency, amountMinor, units };
  await recordEvents(tx, [{ type: 'payment.succeeded', payload, requestId }]);
  decided(await commitReservation(tx, { holderId: checkoutId, requestedBy }));
  return undefined;
}

/** The units that are left in the orders. */
async function paidUnits(
  tx: Tx,
  orders: readonly OrderRecord[],
): Promise<{ unitId: number; productId: number; quantity: number }[]> {
  const lines = await readOrderLines(
    tx,
    orders.map(({ orderId }) => orderId),
  );
  return lines.flatMap(({ unitId, productId, quantity, cancelledQuantity }) =>
    quantity > cancelledQuantity ? [{ unitId, productId, quantity: quantity - cancelledQuantity }] : [],
  );
}
