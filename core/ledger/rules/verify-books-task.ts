/** VERIFY_BOOKS: the verification of the ledger, of the statements or of the payouts as a background task. Its subject is the name of these books. */
import { taskKind } from '../../tasks/rules/background-task.js';

export const BOOKS = ['ledger', 'statements', 'payouts'] as const;
export type Books = (typeof BOOKS)[number];

/** What a VERIFY_BOOKS is asked with. */
export interface VerifyBooksParameters {
  readonly books: Books;
}

export const VERIFY_BOOKS = taskKind<VerifyBooksParameters>('VERIFY_BOOKS');
