/** Files for banks and from them. */
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
    meaning: 'There is no layout of bank files with this name; the details name those that there are.',
    whatToDo: 'Use one of the layouts of docs/bank-files.md: `csv` or `fixed-width`.',
  },
  BANK_RESULT_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      "The bank's result file is broken, so it was refused whole; the details name every line and what is wrong with it.",
    whatToDo: 'Get the file from the bank again, unchanged and whole; docs/bank-files.md describes each layout.',
  },
} as const satisfies Record<string, ErrorDefinition>;
