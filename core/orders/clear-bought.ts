/** What was bought directly although it was in the cart, too: after the payment it leaves the cart. */
import type { Tx } from '../../infra/database.js';
import { deleteBought } from './stores/cart.js';
import { readCheckout } from './stores/checkout.js';

/** Takes units of a paid checkout out of its buyer's cart that were put there before the checkout. What was put there later is wanted again. */
export async function clearBought(
  tx: Tx,
  { checkoutId, unitIds }: { readonly checkoutId: number; readonly unitIds: readonly number[] },
): Promise<void> {
  const checkout = await readCheckout(tx, checkoutId);
  if (checkout !== undefined && unitIds.length > 0)
    await deleteBought(tx, checkout.buyerId, unitIds, checkout.createdAt);
}
