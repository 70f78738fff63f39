/** Whether a charge that a provider tells of is the one that we asked for. */

/** Why a charge is not accepted; stored with the payment, and told to the buyer. */
export type Misfit =
  | 'AMOUNT_MISMATCH'
  | 'CURRENCY_MISMATCH'
  | 'KEY_MISMATCH'
  | 'CANCELLED_AT_PROVIDER'
  | 'CHECKOUT_EXPIRED'
  | 'CHECKOUT_PAID'
  | 'CHECKOUT_CANCELLED';

interface Asked {
  readonly amountMinor: number;
  readonly currency: string;
  readonly providerKey: string | null;
}

interface Charged extends Asked {
  readonly status: string;
}

/**
 * Compares a charge under our reference with what was asked for. `dueMinor` is the sum of the orders that are to be paid by it; undefined: none is any more.
 * @returns why it does not fit; undefined: it fits
 */
export function judgeCharge(asked: Asked, charged: Charged, dueMinor: number | undefined): Misfit | undefined {
  if (charged.currency !== asked.currency) return 'CURRENCY_MISMATCH';
  if (charged.amountMinor !== asked.amountMinor) return 'AMOUNT_MISMATCH';
  if (asked.providerKey !== null && charged.providerKey !== asked.providerKey) return 'KEY_MISMATCH';
  if (charged.status !== 'CHARGED') return 'CANCELLED_AT_PROVIDER';
  if (dueMinor !== undefined && dueMinor !== charged.amountMinor) return 'AMOUNT_MISMATCH';
  return undefined;
}
