/** The verification of the ledger, of the statements or of the payouts, for a command and for a task. */
import { tellAlarm } from '../../../core/alarms/change-alarms.js';
import type { Books } from '../../../core/ledger/rules/verify-books-task.js';
import { type LedgerCheck, type LedgerVerification, verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { verifyPayouts } from '../../../core/payouts/verify-payouts.js';
import { GENERATIONS_CHECK } from '../../../core/postings/stores/settlement-posting.js';
import { verifyStatements } from '../../../core/statements/verify-statements.js';
import type { Db } from '../../../infra/database.js';

export interface BooksVerification extends Partial<Pick<LedgerVerification, 'trialBalances'>> {
  readonly ok: boolean;
  readonly checks: readonly LedgerCheck[];
  /** How many of each were read; the ledger has transactions and postings. */
  readonly transactions?: number;
  readonly postings?: number;
  readonly statements?: number;
  readonly payouts?: number;
}

const VERIFYING: Readonly<Record<Books, (db: Db, signal: AbortSignal) => Promise<BooksVerification>>> = {
  ledger: (db, signal) => verifyLedger(db, signal, [GENERATIONS_CHECK]),
  statements: verifyStatements,
  payouts: verifyPayouts,
};

/** Makes every check of these books in one consistent view, even after one has found a difference. Fails with the signal's reason when it aborts. */
export const verifyBooks = (db: Db, books: Books, signal: AbortSignal): Promise<BooksVerification> =>
  VERIFYING[books](db, signal);

/** What the audit log says of a verification. */
export const auditedOf = ({ ok, checks, trialBalances: _shown, ...counts }: BooksVerification): object => ({
  ...{ ok, ...counts },
  failing: checks.filter((check) => !check.ok).map(({ name }) => name),
});

/** A verification that found a difference raises an alarm, which stays until a verification of the same books finds none. */
export async function tellBooks(db: Db, books: Books, { ok, checks }: BooksVerification): Promise<void> {
  const first = checks.find((check) => !check.ok);
  const found = first?.difference;
  const where = found ? `: ${first.name}, ${found.place}, is ${found.actual}, and ${found.expected} was expected` : '';
  const summary = `The ${books} ${books === 'ledger' ? 'differs' : 'differ'} from what ${books === 'ledger' ? 'it is' : 'they are'} made of${where}.`;
  await tellAlarm(db, { kind: 'books-difference', subject: books, summary: summary.slice(0, 1000) }, !ok);
}
