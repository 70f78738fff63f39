/** Why the money of a statement is not paid. The first reason that holds is named, in this order. */
export const NOT_PAID_REASONS = [
  'SELLER_NOT_REGISTERED',
  'BANK_ACCOUNT_MISSING',
  'ON_HOLD',
  'DATE_NOT_REACHED',
  'NEGATIVE_BALANCE',
  'BELOW_MINIMUM',
] as const;
export type NotPaidReason = (typeof NOT_PAID_REASONS)[number];
