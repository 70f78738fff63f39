/** The two legs of the feed: sales, and the refunds that take them back. */

export const SALE = 0;
export const REFUND = 1;
export type Leg = typeof SALE | typeof REFUND;
/** In the order in which a run works them. */
export const LEGS = [SALE, REFUND] as const;

const names = { [SALE]: 'sale', [REFUND]: 'refund' } as const;
export const legName = (leg: Leg): (typeof names)[Leg] => names[leg];
