/** Transactions and their postings: written once, never changed. */
import { type Db, isoTime, type Reading, select } from '../../../infra/database.js';
import { type AccountKind, type AccountRef, isSharded, type NewPosting, SHARDS } from '../rules/accounts.js';
import type { TransactionKind } from '../rules/posting-rules.js';

export interface StoredPosting extends NewPosting {
  readonly accountId: number;
}

export interface StoredTransaction {
  readonly transactionId: number;
  readonly key: string;
  readonly kind: TransactionKind;
  readonly sellerId: string;
  /** Business date. */
  readonly effectiveOn: string;
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
  readonly reversesId: number | null;
  readonly reversedById: number | null;
  readonly requestedBy: string;
  readonly reason: string;
  readonly postings: readonly StoredPosting[];
}

interface PostingRow extends AccountRef {
  readonly transactionId: number;
  readonly accountId: number;
  readonly amount: string;
}

type Header = Omit<StoredTransaction, 'postings'>;

const HEADER = `SELECT t.transaction_id AS transactionId, t.idempotency_key AS 'key', t.kind, t.seller_id AS sellerId, t.effective_on AS effectiveOn,
  t.recorded_at AS recordedAt, t.reverses_id AS reversesId, r.transaction_id AS reversedById, t.requested_by AS requestedBy, t.reason
  FROM ledger_transaction t LEFT JOIN ledger_transaction r ON r.reverses_id = t.transaction_id`;
const reading: Reading<Header> = { recordedAt: isoTime };

async function withPostings(db: Db, headers: readonly Header[]): Promise<StoredTransaction[]> {
  if (headers.length === 0) return [];
  const rows = await select<PostingRow>(
    db,
    `SELECT p.transaction_id AS transactionId, p.account_id AS accountId, a.kind, a.owner, a.currency, p.amount_minor AS amount
     FROM ledger_posting p FORCE INDEX (PRIMARY) JOIN ledger_account a ON a.account_id = p.account_id
     WHERE p.transaction_id IN (?) ORDER BY p.transaction_id, p.account_id`,
    [headers.map(({ transactionId }) => transactionId)],
  );
  return headers.map((header) => ({
    ...header,
    postings: rows
      .filter(({ transactionId }) => transactionId === header.transactionId)
      .map(({ accountId, kind, owner, currency, amount }) => ({
        accountId,
        account: { kind, owner, currency },
        amountMinor: BigInt(amount),
      })),
  }));
}

/** The transactions of these keys. */
export const readByKeys = async (db: Db, keys: readonly string[]): Promise<Map<string, StoredTransaction>> => {
  const headers = await select(db, `${HEADER} WHERE t.idempotency_key IN (?)`, [keys], reading);
  return new Map((await withPostings(db, headers)).map((one) => [one.key, one]));
};

export const readTransaction = async (db: Db, transactionId: number): Promise<StoredTransaction | undefined> =>
  (await withPostings(db, await select(db, `${HEADER} WHERE t.transaction_id = ?`, [transactionId], reading)))[0];

/** The row of the list that a page follows. */
export interface ListedAfter {
  /** ISO 8601, UTC, as the database writes it. */
  readonly recordedAt: string;
  readonly transactionId: number;
}

/** The transactions of an account, the newest first, read by key. */
export async function listTransactionsOf(
  db: Db,
  accountId: number,
  after: ListedAfter | undefined,
  rowsMax: number,
): Promise<StoredTransaction[]> {
  const where = after === undefined ? '' : 'AND recorded_at <= ? AND (recorded_at < ? OR transaction_id < ?)';
  const moment = after?.recordedAt.replace('T', ' ').replace('Z', '');
  const ids = await select<{ transactionId: number }>(
    db,
    `SELECT transaction_id AS transactionId FROM ledger_posting FORCE INDEX (ledger_posting_account)
     WHERE account_id = ? ${where} ORDER BY recorded_at DESC, transaction_id DESC LIMIT ?`,
    after === undefined ? [accountId, rowsMax] : [accountId, moment, moment, after.transactionId, rowsMax],
  );
  if (ids.length === 0) return [];
  const headers = await select(
    db,
    `${HEADER} WHERE t.transaction_id IN (?) ORDER BY t.recorded_at DESC, t.transaction_id DESC`,
    [ids.map(({ transactionId }) => transactionId)],
    reading,
  );
  return withPostings(db, headers);
}

/** The row of an account's balance that a posting about the seller of a column is in, as SQL: transactions about one seller move one row. */
export const shardSql = (kind: AccountKind, sellerId: string): string =>
  isSharded(kind) ? `CRC32(${sellerId}) % ${SHARDS}` : '0';
