/**
 * Closes the periods of a page of accounts, in the caller's transaction: nobody else moves what these sellers are owed until it ends, and closing again
 * finds nothing to do.
 */
import { databaseMoment, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { eventMinor } from '../event-feed/rules/feed-events.js';
import { type NewFeedEvent, recordFeedEvents } from '../event-feed/stores/feed-event.js';
import { postNew } from '../ledger/post-transactions.js';
import { postingsOf } from '../ledger/rules/posting-rules.js';
import type { NewTransaction } from '../ledger/rules/transaction.js';
import { lockBalances } from '../ledger/stores/ledger-balance.js';
import {
  type AccountWithTerms,
  type Closing,
  loadAccounts,
  mayClose,
  missingTerms,
  withTerms,
} from './load-accounts.js';
import { type Closed, closeAccount, type DraftStatement, type NewItem } from './rules/close-account.js';
import { DuePeriods } from './rules/due-periods.js';
import type { OpenAccount, PayableAccount } from './rules/open-account.js';
import type { Statement } from './rules/statement.js';
import { statementOfDraft } from './statement-of-draft.js';
import {
  type Issue,
  insertStatementItems,
  insertStatementSettlements,
  insertStatements,
  insertStatementTotals,
  type ReserveRow,
  writeReserves,
} from './stores/issue.js';
import { type AccountMark, ensureBalances, readPayables, writeMarks } from './stores/payable-account.js';

/** The decision about an account. */
export interface ClosedAccount {
  readonly account: OpenAccount;
  readonly closed: Closed;
  /** Those of `closed`, with their hashes. */
  readonly statements: readonly Statement[];
}

/** Locks the accounts' balances, in the order of their ids; an account without postings gets one. */
export async function lockPayables(tx: Tx, accountIds: readonly number[]): Promise<void> {
  const locked = await lockBalances(tx, accountIds);
  await ensureBalances(
    tx,
    accountIds.filter((id) => !locked.has(id)),
  );
}

/** Decides, for accounts that were loaded, and writes nothing. */
export function decideAccounts(accounts: readonly OpenAccount[], { through, calendar }: Closing): ClosedAccount[] {
  const due = new DuePeriods(through, calendar);
  return accounts.map((account) => {
    const closed = closeAccount(account, due);
    return { account, closed, statements: closed.statements.map((draft) => statementOfDraft(account, draft)) };
  });
}

/**
 * Closes every period of these accounts that ends on the last day or before it. Throws LEDGER_ACCOUNT_CLOSED and BUSINESS_DAY_UNKNOWN.
 * @returns how many statements were issued
 */
export async function closeAccounts(
  tx: Tx,
  accountIds: readonly number[],
  closing: Closing,
  issue: Omit<Issue, 'issuedAt'>,
): Promise<number> {
  if (accountIds.length === 0) return 0;
  await lockPayables(tx, accountIds);
  const accounts = await withTerms(tx, await readPayables(tx, accountIds));
  const due = mayClose(accounts, closing);
  await noteWithoutTerms(tx, accounts, closing.through);
  const decided = decideAccounts(await loadAccounts(tx, due, closing.through), closing);
  await issueStatements(tx, decided, issue);
  await faultPoint('statements.written');
  return decided.reduce((sum, { statements }) => sum + statements.length, 0);
}

async function noteWithoutTerms(tx: Tx, accounts: readonly AccountWithTerms[], through: string): Promise<void> {
  const without = await missingTerms(tx, accounts, through);
  await writeMarks(
    tx,
    without.map(({ accountId, closedThrough, openSince }) => ({
      accountId,
      closedThrough,
      openSince,
      termsMissingOn: through,
    })),
  );
}

/** Writes the decisions. The caller still holds the locks of the accounts under which they were read. */
export async function issueStatements(
  tx: Tx,
  decided: readonly ClosedAccount[],
  issue: Omit<Issue, 'issuedAt'>,
): Promise<void> {
  const issuedAt = await databaseMoment(tx);
  const all = decided.flatMap(({ account, closed, statements }) =>
    statements.map((statement, at) => ({ account, statement, draft: closed.statements[at] as DraftStatement })),
  );
  if (all.length > 0) {
    const statements = all.map(({ statement }) => statement);
    const ids = await insertStatements(tx, statements, { ...issue, issuedAt });
    const issued = all.map((one, at) => ({ ...one, statementId: ids[at] as number }));
    await writeContents(tx, issued);
    await writeReserves(tx, reserveRows(decided, issued));
    await recordFeedEvents(tx, issued.map(eventOf));
  }
  await writeMarks(
    tx,
    decided.map(
      ({ account, closed }): AccountMark => ({
        accountId: account.accountId,
        closedThrough: closed.closedThrough,
        openSince: closed.openSince ?? issuedAt,
        termsMissingOn: closed.termsMissingOn,
      }),
    ),
  );
}

interface Issued {
  readonly account: PayableAccount;
  readonly statement: Statement;
  readonly draft: DraftStatement;
  readonly statementId: number;
}

async function writeContents(tx: Tx, issued: readonly Issued[]): Promise<void> {
  await insertStatementSettlements(
    tx,
    issued.map(({ account: { sellerId, currency }, draft: { period, settlements }, statementId }) => ({
      ...{ statementId, sellerId, currency, from: period.from, closesOn: period.closesOn, settlements },
    })),
  );
  const posted = issued.flatMap((one) => one.draft.newItems.map((item) => ({ one, item })));
  const ids = await postNew(
    tx,
    posted.map(({ one, item }) => transactionOf(one, item)),
  );
  await insertStatementItems(tx, [
    ...issued.flatMap(({ draft, statementId }) =>
      draft.items.map((it) => [it.transactionId, statementId, it.kind, it.amountMinor] as const),
    ),
    ...posted.map(({ one, item }, at) => [ids[at] as number, one.statementId, item.kind, item.amountMinor] as const),
  ]);
  await insertStatementTotals(
    tx,
    issued.map(({ statementId, draft }) => ({ statementId, legs: [draft.sales, draft.refunds] })),
  );
}

function transactionOf(
  { account: { sellerId, currency }, draft }: Issued,
  { key, kind, amountMinor }: NewItem,
): NewTransaction {
  const amount = amountMinor < 0n ? -amountMinor : amountMinor;
  return {
    ...{ key, kind, sellerId, effectiveOn: draft.period.closesOn, requestedBy: 'system' },
    postings: postingsOf(kind, { sellerId, currency }, { amount }),
  };
}

/** Reserves of the same close are found by the number of their statement. */
function reserveRows(decided: readonly ClosedAccount[], issued: readonly Issued[]): ReserveRow[] {
  const ids = new Map(
    issued.map(({ account, draft, statementId }) => [`${account.accountId} ${draft.number}`, statementId]),
  );
  return decided.flatMap(({ account: { accountId, sellerId, currency }, closed }) =>
    closed.reserves.map(({ statementId, number, releasedIn, ...reserve }) => ({
      ...reserve,
      ...{ sellerId, currency, statementId: statementId ?? (ids.get(`${accountId} ${number}`) as number) },
      releasedIn: releasedIn === null ? null : (ids.get(`${accountId} ${releasedIn}`) as number),
    })),
  );
}

function eventOf({ statement, statementId }: Issued): NewFeedEvent {
  const { sellerId, currency, number, periodFrom, closesOn, payoutOn, hash } = statement;
  return {
    type: 'statement.issued',
    data: {
      ...{ statementId, sellerId, currency, number, periodFrom, closesOn, payoutOn, hash },
      openingMinor: eventMinor(statement.openingMinor),
      earnedMinor: eventMinor(statement.earnedMinor),
      closingMinor: eventMinor(statement.closingMinor),
    },
  };
}
