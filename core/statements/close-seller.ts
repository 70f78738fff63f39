/** Closes the periods of one seller, with the content of a preview or the current one. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { type ClosedAccount, decideAccounts, issueStatements, lockPayables } from './close-accounts.js';
import { type AccountWithTerms, type Closing, loadAccounts, mayClose, termsOf, underTerms } from './load-accounts.js';
import { accountsOf } from './preview.js';
import type { Statement } from './rules/statement.js';
import { readPayables } from './stores/payable-account.js';
import { readStatementsClosing, type StatementHead } from './stores/statement.js';
import { movedByTerms, whatMoved } from './what-moved.js';

export interface SellerClose extends Closing {
  readonly sellerId: string;
  /** Absent: every currency. */
  readonly currency?: string | undefined;
  /** The hash that one of the statements must have; without it every content is accepted. */
  readonly expect?: string | undefined;
  readonly issuedBy: string;
}

export interface SellerClosed {
  /** The statements whose period ends on the last day. */
  readonly statements: readonly StatementHead[];
  /** How many were issued now; 0: there was nothing left to close. */
  readonly issued: number;
}

/**
 * Closes every period of the seller that ends on the last day or before it; closing again changes nothing. Throws STATEMENT_SELLER_UNKNOWN, and STATEMENT_MOVED
 * where no statement would have the expected hash: then nothing is closed, and the details say what moved.
 */
export const closeSeller = (db: Db, close: SellerClose): Promise<SellerClosed> =>
  inTransaction(db, (tx) => closeSellerIn(tx, close));

/** The same in a transaction of the caller. */
export async function closeSellerIn(tx: Tx, close: SellerClose): Promise<SellerClosed> {
  const { sellerId, currency, through, expect, issuedBy } = close;
  const ids = (await accountsOf(tx, sellerId, currency)).map(({ accountId }) => accountId);
  await lockPayables(tx, ids);
  const payables = await readPayables(tx, ids);
  const terms = await termsOf(tx, payables);
  const due = mayClose(underTerms(payables, terms), close);
  const decided = decideAccounts(await loadAccounts(tx, due, through), close);
  const issued = decided.flatMap(({ statements }) => statements);
  if (expect !== undefined && !issued.some(({ hash }) => hash === expect)) {
    const earlier = [...new Set(terms.map(({ revision }) => revision))]
      .sort((a, b) => b - a)
      .map((revision) =>
        underTerms(
          due,
          terms.filter((version) => version.revision < revision),
        ),
      );
    await requireIssued(tx, close, expect, decided, earlier);
  }
  await issueStatements(tx, decided, { issuedBy, runId: null });
  const statements = await readStatementsClosing(tx, sellerId, through);
  return {
    statements: statements.filter((one) => currency === undefined || one.currency === currency),
    issued: issued.length,
  };
}

/** Checks that a statement was issued with this hash. Throws STATEMENT_MOVED otherwise. */
async function requireIssued(
  tx: Tx,
  { sellerId, currency, through, calendar }: SellerClose,
  expected: string,
  decided: readonly ClosedAccount[],
  earlier: readonly (readonly AccountWithTerms[])[],
): Promise<void> {
  const closed = (await readStatementsClosing(tx, sellerId, through)).filter(
    (one) => currency === undefined || one.currency === currency,
  );
  if (closed.some(({ hash }) => hash === expected)) return;
  const closing = { through, calendar };
  for (const { account } of decided) {
    const moved = whatMoved(account, expected, closing);
    if (moved !== undefined) throw movedError(decided, { expected, cause: 'RECORDED', ...amounts(moved) }, moved.since);
    const before = earlier.flatMap((accounts) => accounts.filter(({ accountId }) => accountId === account.accountId));
    if (movedByTerms(account, before, expected, closing)) throw movedError(decided, { expected, cause: 'TERMS' });
  }
  throw movedError(decided, {
    expected,
    cause: closed.length > 0 ? 'CLOSED' : 'OTHER',
    closed: closed.map(({ statementId, currency, hash }) => ({ statementId, currency, hash })),
  });
}

const WORDS = {
  RECORDED: 'the details name settlements or transactions that came since',
  TERMS: 'other terms were applied since',
  CLOSED: 'the period was closed since, with other content',
  OTHER:
    'its opening balance, the calendar or more than one of these changed since, or the hash is of another statement',
} as const;

interface MovedDetails {
  readonly expected: string;
  readonly cause: keyof typeof WORDS;
  readonly [more: string]: unknown;
}

function movedError(decided: readonly ClosedAccount[], details: MovedDetails, since?: string): MagamError {
  const now = decided.flatMap(({ statements }) => statements.map(content));
  const when = since === undefined ? '' : ` (from ${since} on)`;
  return new MagamError('STATEMENT_MOVED', `The statement differs from its preview: ${WORDS[details.cause]}${when}.`, {
    ...details,
    now,
  });
}

const content = ({ currency, number, closesOn, earnedMinor, closingMinor, hash }: Statement): object => ({
  ...{ currency, number, closesOn, hash },
  earnedMinor: earnedMinor.toString(),
  closingMinor: closingMinor.toString(),
});

const amounts = ({ since, settlements, transactions }: NonNullable<ReturnType<typeof whatMoved>>): object => ({
  since,
  settlements,
  transactions: transactions.map((one) => ({ ...one, amountMinor: one.amountMinor.toString() })),
});
