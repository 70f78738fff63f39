/** Checkouts whose time to pay has passed: their orders expire, and the units that they hold are released. */
import type { Db, Tx } from '../../infra/database.js';
import { type BatchBounds, type Failed, oneByOne } from '../../infra/one-by-one.js';
import { recordEvents } from '../outbox/record-events.js';
import { leaveDrops } from '../stock/drops.js';
import { releaseReservation } from '../stock/end-reservation.js';
import { inStockTransaction, type Pages } from '../stock/evict-pages.js';
import { endPending, lockCheckout, readExpiredCheckouts } from './stores/checkout.js';
import { lockOrdersOf, movePendingOrders } from './stores/order.js';
import { insertOrderEvents } from './stores/order-event.js';

const DUTY = 'expiry';

/**
 * Ends at most `rowsMax` of them, each in a transaction of its own, after which pages are evicted from the cache where there is one. A failure
 * does not hold up the others.
 * @returns how many were found, which is `rowsMax` while there may be more, how many were ended, and those that failed
 */
export async function expireCheckouts(
  db: Db,
  { cache, ...bounds }: BatchBounds & { readonly cache?: Pages },
): Promise<{ readonly found: number; readonly expired: number; readonly failed: readonly Failed[] }> {
  const due = await readExpiredCheckouts(db, bounds);
  const { done: expired, failed } = await oneByOne(due, (checkoutId) =>
    inStockTransaction(db, cache, (tx) => expireCheckout(tx, checkoutId)),
  );
  return { found: due.length, expired, failed };
}

/** @returns false when it was paid, cancelled or expired meanwhile */
async function expireCheckout(tx: Tx, checkoutId: number): Promise<boolean> {
  const checkout = await lockCheckout(tx, checkoutId);
  if (checkout === undefined || checkout.status !== 'PENDING_PAYMENT' || !checkout.expired) return false;
  const orders = (await lockOrdersOf(tx, checkoutId)).filter(({ status }) => status === 'PENDING_PAYMENT');
  await endPending(tx, checkoutId, 'EXPIRED');
  await movePendingOrders(tx, checkoutId, 'EXPIRED');
  await insertOrderEvents(
    tx,
    orders.map(({ orderId, status }) => ({
      orderId,
      step: 'EXPIRE' as const,
      fromStatus: status,
      toStatus: 'EXPIRED' as const,
      causedBy: 'system' as const,
      requestedBy: DUTY,
      reason: '',
    })),
  );
  const orderIds = orders.map(({ orderId }) => orderId);
  const payload = { checkoutId, buyerId: checkout.buyerId, orderIds };
  await recordEvents(tx, [{ type: 'order.expired', payload, requestId: '' }]);
  await leaveDrops(tx, checkoutId);
  await releaseReservation(tx, { holderId: checkoutId, requestedBy: DUTY, reason: 'expired' });
  return true;
}
