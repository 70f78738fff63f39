/** Compares the payments of a checkout with the amounts of its orders. */

/** What the payments and the orders of a checkout come to in one currency (minor units). */
export interface CheckoutSums {
  readonly checkoutId: number;
  readonly currency: string;
  /** What providers have charged. */
  readonly chargedMinor: number;
  /** The refunded part of it, whoever asked for the refund. */
  readonly backMinor: number;
  /** What of it is on its way back by its payments, and of that what the orders wait for by the cancellations. */
  readonly returningMinor: number;
  readonly ordersReturningByCancelsMinor: number;
  /** What the orders stand for that were paid through a provider: their amounts less what left them. */
  readonly soldMinor: number;
  /** The same of orders that were marked as paid by hand. */
  readonly byHandMinor: number;
  /** What the orders say is on its way back. */
  readonly ordersReturningMinor: number;
}

/** Something of which payments and orders say different things. */
export interface PaymentDifference {
  readonly checkoutId: number;
  readonly currency: string;
  /** `kept`: the charge less done and pending refunds, compared with what was sold. `returning`: the pending refunds for orders. */
  readonly part: 'kept' | 'returning';
  readonly paymentsMinor: number;
  readonly ordersMinor: number;
}

/** The charge less done and pending refunds. */
export const keptOf = ({ chargedMinor, backMinor, returningMinor }: CheckoutSums): number =>
  chargedMinor - backMinor - returningMinor;

/** Every part in which payments and orders of a checkout differ. */
export function paymentDifferences(sums: CheckoutSums): PaymentDifference[] {
  const { checkoutId, currency } = sums;
  const parts = [
    { part: 'kept', paymentsMinor: keptOf(sums), ordersMinor: sums.soldMinor },
    {
      part: 'returning',
      paymentsMinor: sums.ordersReturningByCancelsMinor,
      ordersMinor: sums.ordersReturningMinor,
    },
  ] as const;
  return parts
    .filter(({ paymentsMinor, ordersMinor }) => paymentsMinor !== ordersMinor)
    .map((part) => ({ checkoutId, currency, ...part }));
}
