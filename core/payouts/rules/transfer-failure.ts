/** Why a transfer did not reach the seller: the same words whether a bank's file or a provider said it. */
export const TRANSFER_FAILURES = {
  ACCOUNT_NOT_FOUND: 'The bank has no such account.',
  ACCOUNT_CLOSED: 'The account is closed.',
  ACCOUNT_BLOCKED: 'The account takes no money at present.',
  HOLDER_DIFFERS: 'The account has another holder.',
  LIMIT_EXCEEDED: 'The amount is above a limit.',
  INSUFFICIENT_BALANCE: 'The paying account does not hold enough.',
  BANK_UNAVAILABLE: 'The bank of the seller could not be reached.',
  BANK_REFUSED: 'The bank refused the transfer for another reason, which its message says.',
  RETURNED_BY_BANK: 'The money came back after it was paid.',
  PAYEE_MISSING: 'The bank account is not registered at the provider.',
  PAYEE_DIFFERS: 'Another bank account is registered at the provider.',
  PAYEE_NOT_APPROVED: 'The provider has not approved the seller, or not for this amount.',
  PROVIDER_REFUSED: 'The provider refused the transfer for another reason, which its message says.',
  CANCELLED_AT_PROVIDER: 'The transfer was cancelled at the provider.',
  NOT_RECEIVED: 'The provider has never received the transfer.',
  FOUND_LATER: 'The provider has the transfer after all, and the payout had gone on without it.',
} as const;

export type TransferFailure = keyof typeof TRANSFER_FAILURES;

/** The own code and words of a bank or a provider. */
export interface ProviderMessage {
  readonly code: string;
  readonly message: string;
}

const CODE_LENGTH_MAX = 100;
const MESSAGE_LENGTH_MAX = 500;

/** Cut to lengths that fit where they are stored. */
export const shortSaid = ({ code, message }: ProviderMessage): ProviderMessage => ({
  code: code.slice(0, CODE_LENGTH_MAX),
  message: message.slice(0, MESSAGE_LENGTH_MAX),
});
