/** The double-entry ledger. */
import type { ErrorDefinition } from './definition.js';

export const ledgerErrors = {
  LEDGER_ACCOUNT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The account is closed, so nothing is posted to it; the details name it.',
  },
  LEDGER_ACCOUNT_NOT_EMPTY: {
    http: 409,
    exit: 1,
    meaning: 'The balance of the account is not zero, so it cannot be closed.',
  },
  LEDGER_ACCOUNT_NOT_FOUND: { http: 404, exit: 1, meaning: 'The ledger has no account with this id.' },
  LEDGER_ALREADY_REVERSED: {
    http: 409,
    exit: 1,
    meaning: 'The transaction was reversed before; the details name the reversal.',
  },
  LEDGER_DIFFERS: {
    http: 500,
    exit: 4,
    meaning: 'The ledger is not what its postings come to; the first difference of each check is named.',
  },
  LEDGER_EXISTS_OTHERWISE: {
    http: 409,
    exit: 1,
    meaning:
      'Another transaction stands in the ledger under the same key: its accounts, its date or its kind are others.',
  },
  LEDGER_EXISTS_OTHER_AMOUNT: {
    http: 409,
    exit: 1,
    meaning: 'The transaction stands in the ledger under the same key with another amount.',
  },
  LEDGER_LIMIT_EXCEEDED: {
    http: 409,
    exit: 1,
    meaning: 'The transaction would take an account below zero that may not fall so far; the details name it.',
  },
  LEDGER_POSTINGS_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'A transaction needs at least two postings, each of an amount other than zero and to an account of its own.',
  },
  LEDGER_REVERSAL_FINAL: {
    http: 409,
    exit: 1,
    meaning: 'The transaction is a reversal, which cannot be reversed.',
  },
  LEDGER_TRANSACTION_NOT_FOUND: { http: 404, exit: 1, meaning: 'The ledger has no transaction with this id.' },
  LEDGER_UNBALANCED: {
    http: 422,
    exit: 1,
    meaning: 'The postings of a transaction do not add up to zero in each currency.',
  },
} as const satisfies Record<string, ErrorDefinition>;
