/** The double-entry ledger. */
import type { ErrorDefinition } from './definition.js';

export const ledgerErrors = {
  LEDGER_ACCOUNT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The account is closed, so nothing is posted to it; the details name it.',
    whatToDo:
      'Open it again (`POST /v1/ledger/accounts/{accountId}/reopen`). An event that was parked for it is then replayed as a dead letter (docs/outbox.md).',
  },
  LEDGER_ACCOUNT_NOT_EMPTY: {
    http: 409,
    exit: 1,
    meaning: 'The balance of the account is not zero, so it cannot be closed.',
    whatToDo: 'Bring the balance to zero first; the details say what it is.',
  },
  LEDGER_ACCOUNT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The ledger has no account with this id.',
    whatToDo: '`magam ledger accounts` and `GET /v1/ledger/accounts` list the accounts.',
  },
  LEDGER_ALREADY_REVERSED: {
    http: 409,
    exit: 1,
    meaning: 'The transaction was reversed before; the details name the reversal.',
    whatToDo: 'Nothing: the transaction is reversed.',
  },
  LEDGER_DIFFERS: {
    http: 500,
    exit: 4,
    meaning: 'The ledger differs from the sums of its postings; the first difference of each check is named.',
    whatToDo:
      'See docs/ledger.md for what each check compares. Find out who changed the tables of the ledger, and restore them from a backup.',
  },
  LEDGER_EXISTS_OTHERWISE: {
    http: 409,
    exit: 1,
    meaning: 'The ledger has another transaction with the same key; its accounts, its date or its kind differ.',
    whatToDo:
      'Look at the existing transaction. To correct it, reverse it and post a new transaction under another key.',
  },
  LEDGER_EXISTS_OTHER_AMOUNT: {
    http: 409,
    exit: 1,
    meaning: 'The ledger has this transaction under the same key with another amount.',
    whatToDo:
      'Look at the existing transaction. To correct it, reverse it and post a new transaction under another key.',
  },
  LEDGER_LIMIT_EXCEEDED: {
    http: 409,
    exit: 1,
    meaning: 'The transaction would take an account further below zero than it may go; the details name the account.',
    whatToDo: 'See docs/ledger.md for the limits. First post the transaction that raises the balance of the account.',
  },
  LEDGER_POSTINGS_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'A transaction needs at least two postings, each of an amount other than zero and to an account of its own.',
    whatToDo:
      'Correct the program that made the transaction; the posting rules (docs/ledger.md) never make such a one.',
  },
  LEDGER_REVERSAL_ELSEWHERE: {
    http: 409,
    exit: 1,
    meaning: 'The transaction belongs to a settlement, a statement, a payout or an entry of two people.',
    whatToDo:
      'Propose the reversal of the entry or an adjustment, which two people make; a payout is retried or cancelled. The details name the kind and the key of the transaction.',
  },
  LEDGER_REVERSAL_FINAL: {
    http: 409,
    exit: 1,
    meaning: 'The transaction is a reversal, which cannot be reversed.',
    whatToDo: 'Post the transaction again, under a key of its own.',
  },
  LEDGER_TRANSACTION_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The ledger has no transaction with this id.',
    whatToDo:
      '`magam ledger transactions ID` and `GET /v1/ledger/accounts/{accountId}/transactions` list those of an account.',
  },
  LEDGER_UNBALANCED: {
    http: 422,
    exit: 1,
    meaning: 'The postings of a transaction, or all balances of a currency together, do not add up to zero.',
    whatToDo:
      '`magam ledger verify` says where. Correct the program that made the transaction; the posting rules (docs/ledger.md) never make such a one.',
  },
} as const satisfies Record<string, ErrorDefinition>;
