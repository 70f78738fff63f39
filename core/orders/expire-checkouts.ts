/** Checkouts whose time to pay has passed: their orders expire, and what they hold is for others again. */
import type { Db, Tx } from '../../infra/database.js';
import { leaveDrops } from '../stock/drops.js';
import { releaseReservation } from '../stock/end-reservation.js';
import { inStockTransaction, type Pages } from '../stock/evict-pages.js';
import { endPending, lockCheckout, readExpiredCheckouts } from './stores/checkout.js';
import { lockOrdersOf, movePendingOrders } from './stores/order.js';
import { insertOrderEvents } from './stores/order-event.js';

const DUTY = 'expiry';

/**
 * Ends at most `rowsMax` of them, each in a transaction of its own, after which pages are evicted from the cache where there is one.
 * @returns how many were found, which is `rowsMax` while there may be more, and how many were ended
 */
export async function expireCheckouts(
  db: Db,
  { rowsMax, cache }: { readonly rowsMax: number; readonly cache?: Pages },
): Promise<{ readonly found: number; readonly expired: number }> {
  const due = await readExpiredCheckouts(db, rowsMax);
  let expired = 0;
  for (const checkoutId of due)
    if (await inStockTransaction(db, cache, (tx) => expireCheckout(tx, checkoutId))) expired += 1;
  return { found: due.length, expired };
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
  await leaveDrops(tx, checkoutId);
  await releaseReservation(tx, { holderId: checkoutId, requestedBy: DUTY, reason: 'expired' });
  return true;
}
