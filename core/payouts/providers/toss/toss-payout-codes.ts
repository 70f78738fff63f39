/**
 * Error codes of the payout API. The public pages of Toss Payments show FORBIDDEN_SELLER_PAYOUT and the codes that all its APIs have in common; the sandbox
 * here defines the rest. A code that is not listed leaves the outcome unknown, so a missing one costs a look-up and never a second transfer.
 */
import type { TransferFailure } from '../../rules/transfer-failure.js';

/** Our key or our settings at the provider are wrong: nothing happened. */
export const KEY_REFUSED: ReadonlySet<string> = new Set([
  'UNAUTHORIZED_KEY',
  'INVALID_API_KEY',
  'INCORRECT_BASIC_AUTH_FORMAT',
]);

/** Refused permanently, for a request and for a transfer that was looked up. */
export const REFUSALS: Readonly<Record<string, TransferFailure>> = {
  FORBIDDEN_SELLER_PAYOUT: 'PAYEE_NOT_APPROVED',
  NOT_FOUND_SELLER: 'PAYEE_MISSING',
  INSUFFICIENT_BALANCE: 'INSUFFICIENT_BALANCE',
  INVALID_ACCOUNT: 'ACCOUNT_NOT_FOUND',
  CLOSED_ACCOUNT: 'ACCOUNT_CLOSED',
  RESTRICTED_ACCOUNT: 'ACCOUNT_BLOCKED',
  HOLDER_NAME_MISMATCH: 'HOLDER_DIFFERS',
  EXCEED_MAX_AMOUNT: 'LIMIT_EXCEEDED',
  BANK_ERROR: 'BANK_UNAVAILABLE',
  RETURNED: 'RETURNED_BY_BANK',
  INVALID_REQUEST: 'PROVIDER_REFUSED',
};
