/** Units that were bought directly and were also in the cart leave the cart after the payment. */
import type { Tx } from '../../infra/database.js';
import { deleteBought } from './stores/cart.js';
import { readCheckout } from './stores/checkout.js';

/**
 * Takes the units of a paid checkout out of its buyer's cart where they were put there before the checkout. The buyer wants units that were put there later.
 */
export async function clearBought(
  tx: Tx,
  { checkoutId, unitIds }: { readonly checkoutId: number; readonly unitIds: readonly number[] },
): Promise<void> {
  const checkout = await readCheckout(tx, checkoutId);
  if (checkout !== undefined && unitIds.length > 0)
    await deleteBought(tx, checkout.buyerId, unitIds, checkout.createdAt);
}
