/** Balances: the current ones, which each posting moves, and those of a date or as they were known at a time, which are sums of days. */
import { change, type Db, databaseTime, select, type Tx } from '../../../infra/database.js';
import { ACCOUNT_KIND_NAMES, type AccountKind } from '../rules/accounts.js';

interface Sum {
  readonly accountId: number;
  /** Debits less credits (minor units). */
  readonly amountMinor: string;
}

const byAccount = (rows: readonly Sum[]): Map<number, bigint> =>
  new Map(rows.map(({ accountId, amountMinor }) => [Number(accountId), BigInt(amountMinor)]));

/**
 * Balances that one statement locks. MariaDB turns a list of 1,000 values into a join with a temporary table (`in_predicate_conversion_threshold`). Where the ledger has not many
 * more accounts than that, the join begins with all balances, and the statement locks those of the platform as well.
 */
const LOCKED_MAX = 900;

/** The balances of accounts that have one row each, locked until the commit in the order of the accounts. An account without a row has a balance of zero. */
export async function lockBalances(tx: Tx, accountIds: readonly number[]): Promise<Map<number, bigint>> {
  const ids = [...accountIds].sort((a, b) => a - b);
  const rows: Sum[] = [];
  for (let at = 0; at < ids.length; at += LOCKED_MAX)
    rows.push(
      ...(await select<Sum>(
        tx,
        `SELECT account_id AS accountId, amount_minor AS amountMinor FROM ledger_balance
         WHERE account_id IN (?) AND shard = 0 ORDER BY account_id FOR UPDATE`,
        [ids.slice(at, at + LOCKED_MAX)],
      )),
    );
  return byAccount(rows);
}

/** The balances of accounts now. */
export const readBalances = async (db: Db, accountIds: readonly number[]): Promise<Map<number, bigint>> =>
  accountIds.length === 0
    ? new Map()
    : byAccount(
        await select<Sum>(
          db,
          `SELECT account_id AS accountId, SUM(amount_minor) AS amountMinor FROM ledger_balance WHERE account_id IN (?) GROUP BY account_id`,
          [accountIds],
        ),
      );

/** Which postings count. */
export interface BalanceView {
  /** Postings that count for this business date or an earlier one. */
  readonly asOf?: string | undefined;
  /** Postings that were recorded at this moment (ISO 8601, UTC) or earlier. */
  readonly recordedAt?: string | undefined;
}

/** The balance of an account: debits less credits (minor units). Whole days come from their sums, the rest of the day of `recordedAt` from its postings. */
export async function readBalance(db: Db, accountId: number, { asOf, recordedAt }: BalanceView): Promise<bigint> {
  if (asOf === undefined && recordedAt === undefined) return (await readBalances(db, [accountId])).get(accountId) ?? 0n;
  const effective = asOf === undefined ? '' : 'AND effective_on <= ?';
  const dated = asOf === undefined ? [accountId] : [accountId, asOf];
  const day = recordedAt?.slice(0, 10);
  const days = await select<{ amountMinor: string }>(
    db,
    `SELECT COALESCE(SUM(amount_minor), 0) AS amountMinor FROM ledger_day FORCE INDEX (PRIMARY)
     WHERE account_id = ? ${effective} ${day === undefined ? '' : 'AND recorded_on < ?'}`,
    day === undefined ? dated : [...dated, day],
  );
  if (recordedAt === undefined) return BigInt(days[0]?.amountMinor ?? 0);
  const rest = await select<{ amountMinor: string }>(
    db,
    `SELECT COALESCE(SUM(amount_minor), 0) AS amountMinor FROM ledger_posting FORCE INDEX (ledger_posting_account)
     WHERE account_id = ? ${effective} AND recorded_at >= ? AND recorded_at <= ?`,
    [...dated, `${day} 00:00:00`, databaseTime(recordedAt)],
  );
  return BigInt(days[0]?.amountMinor ?? 0) + BigInt(rest[0]?.amountMinor ?? 0);
}

/** New transactions that were recorded at one moment for one date, and whose keys lie in a range. */
export interface NewPostings {
  readonly first: string;
  readonly last: string;
  /** Business date. */
  readonly effectiveOn: string;
  /** As the database writes it. */
  readonly recordedAt: string;
}

const BY_KEY = 'ledger_transaction t FORCE INDEX (ledger_transaction_key)';
const OF_KEYS = 't.idempotency_key BETWEEN ? AND ?';
const POSTED = `FROM ${BY_KEY} STRAIGHT_JOIN ledger_posting p ON p.transaction_id = t.transaction_id WHERE ${OF_KEYS}
  GROUP BY p.account_id, p.shard ORDER BY p.account_id, p.shard`;

/**
 * Adds new postings to the sums of days and to the balances: two statements, whose rows are taken in the order of their keys. The balances are the last, because others who post
 * wait for those of the platform until the commit.
 */
export async function addUpPostings(tx: Tx, { first, last, effectiveOn, recordedAt }: NewPostings): Promise<void> {
  await change(
    tx,
    `INSERT INTO ledger_day (account_id, effective_on, recorded_on, shard, amount_minor)
     SELECT p.account_id, ?, ?, p.shard, SUM(p.amount_minor) ${POSTED}
     ON DUPLICATE KEY UPDATE amount_minor = ledger_day.amount_minor + VALUES(amount_minor)`,
    [effectiveOn, recordedAt.slice(0, 10), first, last],
  );
  await change(
    tx,
    `INSERT INTO ledger_balance (account_id, shard, amount_minor)
     SELECT p.account_id, p.shard, SUM(p.amount_minor) ${POSTED}
     ON DUPLICATE KEY UPDATE amount_minor = ledger_balance.amount_minor + VALUES(amount_minor)`,
    [first, last],
  );
}

/** How many of the new transactions do not add up to zero; each has one currency. */
export async function countUnbalanced(tx: Tx, { first, last }: Pick<NewPostings, 'first' | 'last'>): Promise<number> {
  const [row] = await select<{ unbalanced: number | string }>(
    tx,
    `SELECT COUNT(*) AS unbalanced FROM (SELECT 1 FROM ${BY_KEY} STRAIGHT_JOIN ledger_posting p ON p.transaction_id = t.transaction_id WHERE ${OF_KEYS}
       GROUP BY t.idempotency_key HAVING SUM(p.amount_minor) <> 0) n`,
    [first, last],
  );
  return Number(row?.unbalanced ?? 0);
}

/** The currencies in which all balances of now together are not zero. */
export const readTiltedCurrencies = async (db: Db): Promise<string[]> =>
  (
    await select<{ currency: string }>(
      db,
      `SELECT a.currency FROM ledger_balance b JOIN ledger_account a ON a.account_id = b.account_id
       GROUP BY a.currency HAVING SUM(b.amount_minor) <> 0 ORDER BY a.currency`,
    )
  ).map(({ currency }) => currency);

export interface TrialBalance {
  readonly currency: string;
  /** The sum of all accounts of the currency whose balance is on this side (minor units). */
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}

/** The trial balance of each currency, from the balances of now: the two sides are equal. */
export const readTrialBalances = async (db: Db): Promise<TrialBalance[]> => {
  const rows = await select<{ currency: string; debit: string; credit: string }>(
    db,
    `SELECT currency, SUM(GREATEST(total, 0)) AS debit, SUM(GREATEST(-total, 0)) AS credit FROM (
       SELECT a.currency, a.account_id, SUM(b.amount_minor) AS total FROM ledger_balance b JOIN ledger_account a ON a.account_id = b.account_id
       GROUP BY a.currency, a.account_id) one GROUP BY currency ORDER BY currency`,
  );
  return rows.map(({ currency, debit, credit }) => ({
    currency,
    debitMinor: BigInt(debit),
    creditMinor: BigInt(credit),
  }));
};

export interface KindBalance extends TrialBalance {
  readonly kind: AccountKind;
  readonly accounts: number;
}

/**
 * The trial balance kind by kind, in the order of the kinds, for each currency.
 * @param asOf only postings that count for this business date or an earlier one; undefined: all current postings
 * @param owner only the accounts of this seller, provider or shop
 */
export async function readKindBalances(
  db: Db,
  { asOf, owner }: { readonly asOf?: string | undefined; readonly owner?: string | undefined },
): Promise<KindBalance[]> {
  const conditions = [
    ...(asOf === undefined ? [] : ['b.effective_on <= ?']),
    ...(owner === undefined ? [] : ['a.owner = ?']),
  ];
  const rows = await select<{ currency: string; kind: AccountKind; accounts: number; debit: string; credit: string }>(
    db,
    `SELECT currency, kind, COUNT(*) AS accounts, SUM(GREATEST(total, 0)) AS debit, SUM(GREATEST(-total, 0)) AS credit FROM (
       SELECT a.currency, a.kind, a.account_id, SUM(b.amount_minor) AS total
       FROM ${asOf === undefined ? 'ledger_balance' : 'ledger_day'} b JOIN ledger_account a ON a.account_id = b.account_id
       ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`} GROUP BY a.currency, a.kind, a.account_id) one GROUP BY currency, kind`,
    [asOf, owner].filter((one) => one !== undefined),
  );
  return rows
    .map(({ debit, credit, ...row }) => ({
      ...{ ...row, accounts: Number(row.accounts) },
      ...{ debitMinor: BigInt(debit), creditMinor: BigInt(credit) },
    }))
    .sort((a, b) =>
      a.currency === b.currency
        ? ACCOUNT_KIND_NAMES.indexOf(a.kind) - ACCOUNT_KIND_NAMES.indexOf(b.kind)
        : a.currency < b.currency
          ? -1
          : 1,
    );
}

/** The sums of both sides by currency. They are equal, unless only the accounts of one owner were read. */
export function trialBalancesOf(kinds: readonly KindBalance[]): TrialBalance[] {
  const totals = new Map<string, TrialBalance>();
  for (const { currency, debitMinor, creditMinor } of kinds) {
    const sum = totals.get(currency) ?? { currency, debitMinor: 0n, creditMinor: 0n };
    const [debits, credits] = [sum.debitMinor + debitMinor, sum.creditMinor + creditMinor];
    totals.set(currency, { currency, debitMinor: debits, creditMinor: credits });
  }
  return [...totals.values()];
}
