/** Writes new transactions with their postings, and what the postings change: balances and the sums of days. */
import { crc32 } from 'node:zlib';
import { databaseMoment, orRefusal, select, type Tx } from '../../../infra/database.js';
import { insertRows, type RowValue } from '../../../infra/stores/row-writer.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { type AccountKind, type AccountRef, isSharded, SHARDS } from '../rules/accounts.js';
import type { NewTransaction } from '../rules/transaction.js';

/** The row of an account's balance that the postings of a transaction about this seller are in: they all move one row. `shardSql` says the same in SQL. */
const shardOf = (kind: AccountKind, sellerId: string): number => (isSharded(kind) ? crc32(sellerId) % SHARDS : 0);

/** Keys of one statement. */
const KEYS = 2_000;
const ADDED = 'ON DUPLICATE KEY UPDATE amount_minor = amount_minor + VALUES(amount_minor)';

/**
 * Stores the transactions with their postings, and moves the sums of days and then the balances, as `addUpPostings` does, each in the order of their keys. Refuses with LEDGER_EXISTS_OTHERWISE where somebody has
 * stored one under the key of one of them; then nothing was stored, if they are 2,000 at most. @returns their ids
 */
export async function insertTransactions(
  tx: Tx,
  wanted: readonly NewTransaction[],
  idOf: (account: AccountRef) => number,
): Promise<number[] | Refusal> {
  const moment = await databaseMoment(tx);
  const headers = insertRows(
    tx,
    'ledger_transaction (idempotency_key, kind, seller_id, effective_on, recorded_at, reverses_id, requested_by, reason)',
    wanted.map(({ key, kind, sellerId, effectiveOn, reversesId, requestedBy, reason }) => [
      ...[key, kind, sellerId, effectiveOn, moment, reversesId ?? null, requestedBy, reason ?? ''],
    ]),
  );
  const stored = await orRefusal(headers, refuse('LEDGER_EXISTS_OTHERWISE', { key: wanted[0]?.key ?? '' }));
  if (isRefusal(stored)) return stored;
  const ids = await idsOf(tx, wanted);
  const postings = wanted.flatMap((one, at) =>
    one.postings.map(({ account, amountMinor }) => ({
      transactionId: ids[at] as number,
      accountId: idOf(account),
      shard: shardOf(account.kind, one.sellerId),
      effectiveOn: one.effectiveOn,
      amountMinor,
    })),
  );
  await insertRows(
    tx,
    'ledger_posting (transaction_id, account_id, shard, effective_on, recorded_at, amount_minor)',
    postings.map((it) => [it.transactionId, it.accountId, it.shard, it.effectiveOn, moment, it.amountMinor]),
  );
  await insertRows(
    tx,
    'ledger_day (account_id, effective_on, recorded_on, shard, amount_minor)',
    summed(postings, ({ accountId, shard, effectiveOn }) => [accountId, effectiveOn, moment.slice(0, 10), shard]),
    { onDuplicate: ADDED },
  );
  await insertRows(
    tx,
    'ledger_balance (account_id, shard, amount_minor)',
    summed(postings, ({ accountId, shard }) => [accountId, shard]),
    { onDuplicate: ADDED },
  );
  return ids;
}

async function idsOf(tx: Tx, wanted: readonly NewTransaction[]): Promise<number[]> {
  const ids = new Map<string, number>();
  for (let at = 0; at < wanted.length; at += KEYS) {
    const rows = await select<{ key: string; transactionId: number }>(
      tx,
      `SELECT idempotency_key AS 'key', transaction_id AS transactionId FROM ledger_transaction WHERE idempotency_key IN (?)`,
      [wanted.slice(at, at + KEYS).map(({ key }) => key)],
    );
    for (const { key, transactionId } of rows) ids.set(key, transactionId);
  }
  return wanted.map(({ key }) => ids.get(key) as number);
}

/** The sums of postings by a key, in the order of the keys; each row is a key and its sum. */
function summed<T extends { readonly accountId: number; readonly amountMinor: bigint }>(
  postings: readonly T[],
  keyOf: (posting: T) => (string | number)[],
): RowValue[][] {
  const sums = new Map<string, { key: (string | number)[]; accountId: number; sum: bigint }>();
  for (const posting of postings) {
    const key = keyOf(posting);
    const name = key.join(' ');
    const { accountId, amountMinor } = posting;
    sums.set(name, { key, accountId, sum: (sums.get(name)?.sum ?? 0n) + amountMinor });
  }
  return [...sums.entries()]
    .sort(([a, one], [b, other]) => one.accountId - other.accountId || (a < b ? -1 : 1))
    .map(([, { key, sum }]) => [...key, sum]);
}
