/** The lives of sample orders: every state that an order can stay in, and the ways there. */

/** What becomes of the orders of a checkout, step after step. */
export type SampleStep =
  | 'expire'
  | 'decline'
  | 'pay'
  | 'prepare'
  | 'ship'
  | 'deliver'
  | 'confirm'
  | 'cancel'
  | 'cancel-part'
  | 'return'
  | 'return-part';

const paid = ['pay'] as const;
const shipped = [...paid, 'prepare', 'ship'] as const;
const delivered = [...shipped, 'deliver'] as const;
const confirmed = [...delivered, 'confirm'] as const;

/** No order stays in CANCELLING, because money is back at once: the history shows it of those that were cancelled after payment. */
export const SAMPLE_LIVES: readonly (readonly SampleStep[])[] = [
  [],
  paid,
  ['decline', ...paid, 'prepare'],
  shipped,
  delivered,
  confirmed,
  [...confirmed, 'return-part'],
  [...confirmed, 'return'],
  [...paid, 'cancel'],
  ['expire'],
  ['cancel'],
  [...paid, 'cancel-part'],
  [...paid, 'cancel-part', 'prepare', 'ship', 'deliver', 'confirm', 'return-part', 'return'],
];
