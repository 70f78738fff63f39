/** The two legs of the feed: sales, and the refunds that take them back. */

/** The two legs of the feed, in the order in which a run works them. */
export const SALE = 0;
export const REFUND = 1;
export type Leg = typeof SALE | typeof REFUND;
export const legName = (leg: Leg): 'sale' | 'refund' => (leg === SALE ? 'sale' : 'refund');
