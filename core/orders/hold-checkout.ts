/** A checkout holds its units longer while a payment of it is being made, and gets its former time to pay back when the payment is declined. */
import type { Tx } from '../../infra/database.js';
import { setHoldsEnd } from '../stock/stores/reservation.js';
import { extendTimeToPay, readCheckout, restoreTimeToPay } from './stores/checkout.js';

/** Makes a locked checkout last at least this long from now (ms). @returns false when its time to pay has passed */
export async function holdForPayment(tx: Tx, checkoutId: number, ms: number): Promise<boolean> {
  if (!(await extendTimeToPay(tx, checkoutId, ms))) return false;
  await endHoldsWithCheckout(tx, checkoutId);
  return true;
}

/** Call it when no payment of the locked checkout is being made any more: its former time to pay applies again. */
export async function endHoldForPayment(tx: Tx, checkoutId: number): Promise<void> {
  if ((await restoreTimeToPay(tx, checkoutId)) === 1) await endHoldsWithCheckout(tx, checkoutId);
}

async function endHoldsWithCheckout(tx: Tx, checkoutId: number): Promise<void> {
  const checkout = await readCheckout(tx, checkoutId);
  if (checkout === undefined) throw new Error(`the locked checkout ${checkoutId} is gone`);
  await setHoldsEnd(tx, checkoutId, checkout.expiresAt);
}
