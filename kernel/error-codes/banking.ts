/** Transfers to sellers: files for banks and from them, and providers. */
import type { ErrorDefinition } from './definition.js';

export const bankingErrors = {
  BANK_FILE_UNWRITABLE: {
    http: 422,
    exit: 1,
    meaning: 'A file of transfers cannot be written; the details name every payout that does not fit in it, and why.',
    whatToDo:
      'Correct the seller or its bank account, or use another layout: docs/bank-files.md says what each layout can hold. Nothing was written.',
  },
  BANK_LAYOUT_UNKNOWN: {
    http: 422,
    exit: 1,
    meaning: 'There is no layout of bank files with this name; the details name the layouts.',
    whatToDo: 'Use one of the layouts of docs/bank-files.md: `csv` or `fixed-width`.',
  },
  BANK_RESULT_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      "The bank's result file is broken, so all of it was refused; the details name every line and what is wrong with it.",
    whatToDo: 'Get the file from the bank again, unchanged and whole; docs/bank-files.md describes each layout.',
  },
  PAYOUT_CURRENCY_UNSUPPORTED: {
    http: 422,
    exit: 1,
    meaning: 'The provider does not transfer this currency; the details name those that it does.',
    whatToDo: 'Pay the seller by a file for the bank (docs/bank-files.md).',
  },
  PAYOUT_PROVIDER_MISSING: {
    http: 409,
    exit: 1,
    meaning: 'The platform has no payout provider of this name; the details name its providers.',
    whatToDo: 'Set its keys (docs/payouts-providers.md), or pay by a file for the bank (docs/bank-files.md).',
  },
  TRANSFER_DATE_OVER: {
    http: 422,
    exit: 2,
    meaning: 'The date on which the bank is to transfer is over.',
    whatToDo: 'Name today or a later date.',
  },
} as const satisfies Record<string, ErrorDefinition>;
