/** What a checkout holds while a payment of it is being made: it lasts longer, and goes back to what it was where the payment is declined. */
import type { Tx } from '../../infra/database.js';
import { setHoldsEnd } from '../stock/stores/reservation.js';
import { extendTimeToPay, readCheckout, restoreTimeToPay } from './stores/checkout.js';

/** Makes a locked checkout last so long from now at least (ms). @returns false when its time to pay has passed */
export async function holdForPayment(tx: Tx, checkoutId: number, ms: number): Promise<boolean> {
  if (!(await extendTimeToPay(tx, checkoutId, ms))) return false;
  await endHoldsWithCheckout(tx, checkoutId);
  return true;
}

/** No payment of the locked checkout is being made any more: it has its own time to pay again. */
export async function endHoldForPayment(tx: Tx, checkoutId: number): Promise<void> {
  if ((await restoreTimeToPay(tx, checkoutId)) === 1) await endHoldsWithCheckout(tx, checkoutId);
}

async function endHoldsWithCheckout(tx: Tx, checkoutId: number): Promise<void> {
  const checkout = await readCheckout(tx, checkoutId);
  if (checkout === undefined) throw new Error(`the locked checkout ${checkoutId} is gone`);
  await setHoldsEnd(tx, checkoutId, checkout.expiresAt);
}
