/**
 * A settled generation becomes transactions of the ledger, one for each seller and currency, by statements over whole sets. The amount of each leg comes from
 * the posting rules.
 */
import { change, type Db, select, selectArrays, type Tx } from '../../../infra/database.js';
import { ACCOUNT_KINDS, type AccountKind, type AccountRef, FILE_SHOP } from '../../ledger/rules/accounts.js';
import { type Leg, POSTING_RULES } from '../../ledger/rules/posting-rules.js';
import { openingMissing } from '../../ledger/stores/ledger-account.js';
import type { NewPostings } from '../../ledger/stores/ledger-balance.js';
import type { CheckGroup } from '../../ledger/stores/ledger-check.js';
import { shardSql } from '../../ledger/stores/ledger-transaction.js';

/** A generation of a settled date. */
export interface Generation {
  readonly date: string;
  readonly generation: number;
}

/** The keys of a generation's transactions end in seller and currency, so they lie between the two. */
export const keysOf = ({ date, generation }: Generation): Pick<NewPostings, 'first' | 'last'> => ({
  first: `settlement:${date}:${generation}:`,
  last: `settlement:${date}:${generation};`,
});

/** The key of the transaction that posts a settlement `s`, as SQL. */
export const SETTLEMENT_KEY = `CONVERT(CONCAT('settlement:', s.settled_on, ':', s.generation, ':', s.seller_id, ':', s.currency) USING ascii) COLLATE ascii_bin`;

/** The amounts of the rules in a settlement `s` whose buyers paid `h.amount_minor` to the shop. */
const AMOUNTS: Readonly<Record<string, string>> = {
  shopPaid: 'COALESCE(h.amount_minor, 0)',
  filePaid: '(s.buyer_paid - COALESCE(h.amount_minor, 0))',
  platformDiscount: 's.platform_discount',
  net: 's.net',
  feeVat: 's.fee_vat',
  pgFee: 's.pg_fee',
  pgFeeVat: 's.pg_fee_vat',
};
const LEGS: readonly Leg[] = POSTING_RULES.SETTLEMENT.legs;

const amountOf = ([, signs]: Leg): string =>
  Object.entries(signs)
    .map(([name, sign]) => `${sign > 0 ? '+' : '-'} ${AMOUNTS[name]}`)
    .join(' ');

const isOfSeller = (kind: AccountKind): boolean => ACCOUNT_KINDS[kind].ownedBy === 'seller';

const SETTLED = `settlement s FORCE INDEX (PRIMARY) LEFT JOIN shop_paid h ON h.settled_on = s.settled_on AND h.generation = s.generation
  AND h.seller_id = s.seller_id AND h.currency = s.currency`;
const OF_GENERATION = 's.settled_on = ? AND s.generation = ?';
const OF_SELLER = 'a.owner = s.seller_id AND a.currency = s.currency';

/** Claims a generation for the ledger. Throws a duplicate key where it is there; whoever comes at the same time waits here. */
export async function insertPosted(tx: Tx, { date, generation }: Generation): Promise<void> {
  const sql =
    'INSERT INTO posted_generation (settled_on, generation, transactions, postings, posted_at, ready) VALUES (?, ?, 0, 0, UTC_TIMESTAMP(3), 1)';
  await change(tx, sql, [date, generation]);
}

export interface PostedGeneration extends Generation {
  readonly transactions: number;
  readonly postings: number;
}

export async function readPosted(db: Db, { date, generation }: Generation): Promise<PostedGeneration | undefined> {
  const sql = 'SELECT transactions, postings FROM posted_generation WHERE settled_on = ? AND generation = ?';
  const [row] = await select<Pick<PostedGeneration, 'transactions' | 'postings'>>(db, sql, [date, generation]);
  return row && { date, generation, ...row };
}

export async function completePosted(tx: Tx, { date, generation, transactions, postings }: PostedGeneration) {
  const sql = 'UPDATE posted_generation SET transactions = ?, postings = ? WHERE settled_on = ? AND generation = ?';
  await change(tx, sql, [transactions, postings, date, generation]);
}

/** The certified generations of a range of dates that are not in the ledger, in order. */
export const readUnposted = (db: Db, from: string, to: string): Promise<Generation[]> =>
  select<Generation>(
    db,
    `SELECT c.settled_on AS date, c.generation FROM settlement_certificate c
     LEFT JOIN posted_generation p ON p.settled_on = c.settled_on AND p.generation = c.generation
     WHERE c.settled_on BETWEEN ? AND ? AND p.generation IS NULL ORDER BY c.settled_on, c.generation`,
    [from, to],
  );

/** Records the amounts that buyers paid to the shop. Sales of the shop have no import, and a refund belongs to its sale. */
export async function insertShopPaid(tx: Tx, { date, generation }: Generation): Promise<void> {
  await change(
    tx,
    `INSERT INTO shop_paid (settled_on, generation, seller_id, currency, amount_minor)
     SELECT ?, ?, seller_id, currency, SUM(paid) FROM (
       SELECT l.seller_id, s.currency, SUM(l.buyer_paid) AS paid FROM sale_entry s FORCE INDEX (PRIMARY)
         STRAIGHT_JOIN settlement_line l FORCE INDEX (PRIMARY) ON l.settled_on = s.settled_on AND l.leg = 0 AND l.entry_id = s.entry_id
         WHERE s.settled_on = ? AND s.import_id IS NULL AND l.generation = ? GROUP BY l.seller_id, s.currency
       UNION ALL
       SELECT l.seller_id, r.currency, SUM(l.buyer_paid) FROM refund_entry r FORCE INDEX (PRIMARY)
         STRAIGHT_JOIN sale_entry s FORCE INDEX (PRIMARY) ON s.settled_on = r.original_on AND s.entry_id = r.original_id
         STRAIGHT_JOIN settlement_line l FORCE INDEX (PRIMARY) ON l.settled_on = r.settled_on AND l.leg = 1 AND l.entry_id = r.entry_id
         WHERE r.settled_on = ? AND s.import_id IS NULL AND l.generation = ? GROUP BY l.seller_id, r.currency) paid
     GROUP BY seller_id, currency`,
    [date, generation, date, generation, date, generation],
  );
}

/** A leg that moves something in a currency of the generation. */
export interface MovedLeg {
  readonly leg: number;
  readonly currency: string;
  /** The platform's or the shop's account, which all settlements of the currency share; undefined: each seller has one. */
  readonly shared: AccountRef | undefined;
}

/** The legs that move something, by currency. So the accounts that are not the sellers' are few, and no settlement has to look for them. */
export async function readMovedLegs(tx: Tx, { date, generation }: Generation): Promise<MovedLeg[]> {
  const rows = await selectArrays(
    tx,
    `SELECT s.currency, ${LEGS.map((leg) => `MAX(${amountOf(leg)} <> 0)`).join(', ')} FROM ${SETTLED} WHERE ${OF_GENERATION}
     GROUP BY s.currency ORDER BY s.currency`,
    [date, generation],
  );
  return LEGS.flatMap(([kind], leg) =>
    rows
      .filter((row) => Number(row[leg + 1]) === 1)
      .map((row) => ({ leg, currency: row[0] as string, shared: sharedAccount(kind, row[0] as string) })),
  );
}

function sharedAccount(kind: AccountKind, currency: string): AccountRef | undefined {
  const { ownedBy } = ACCOUNT_KINDS[kind];
  if (ownedBy === 'provider') throw new Error(`${kind} is no account of a settlement`);
  return ownedBy === 'seller' ? undefined : { kind, owner: ownedBy === 'shop' ? FILE_SHOP : '', currency };
}

/** The sellers' legs among them. */
const sellerLegs = (moved: readonly MovedLeg[]): Leg[] =>
  LEGS.filter(([kind], at) => isOfSeller(kind) && moved.some(({ leg }) => leg === at));

/** Opens the accounts of sellers that the generation needs and that are missing, apart from SELLER_PAYABLE, which `openPayableAccounts` opens for every settlement. */
export async function openSellerAccounts(
  tx: Tx,
  { date, generation }: Generation,
  moved: readonly MovedLeg[],
): Promise<void> {
  for (const leg of sellerLegs(moved).filter(([kind]) => kind !== 'SELLER_PAYABLE'))
    await openingMissing(() =>
      change(
        tx,
        `INSERT INTO ledger_account (kind, owner, currency, opened_at)
       SELECT '${leg[0]}', s.seller_id, s.currency, UTC_TIMESTAMP(3) FROM ${SETTLED}
       LEFT JOIN ledger_account a FORCE INDEX (ledger_account_key) ON a.kind = '${leg[0]}' AND ${OF_SELLER}
       WHERE ${OF_GENERATION} AND a.account_id IS NULL AND ${amountOf(leg)} <> 0 ORDER BY s.seller_id, s.currency`,
        [date, generation],
      ),
    );
}

/** The first closed one of the sellers' accounts that the generation moves, as text. */
export async function findClosedAccount(
  tx: Tx,
  { date, generation }: Generation,
  moved: readonly MovedLeg[],
): Promise<string | undefined> {
  for (const leg of sellerLegs(moved)) {
    const [row] = await select<{ account: string }>(
      tx,
      `SELECT CONCAT_WS(' ', a.kind, a.owner, a.currency) AS account FROM ${SETTLED}
       STRAIGHT_JOIN ledger_account a FORCE INDEX (ledger_account_key) ON a.kind = '${leg[0]}' AND ${OF_SELLER}
       WHERE ${OF_GENERATION} AND ${amountOf(leg)} <> 0 AND a.closed_at IS NOT NULL ORDER BY s.seller_id, s.currency LIMIT 1 LOCK IN SHARE MODE`,
      [date, generation],
    );
    if (row !== undefined) return row.account;
  }
  return undefined;
}

/**
 * Writes the transactions of sellers and currencies in which anything moved. A net below zero is what refunds after the settlement take back.
 * @param recordedAt as the database writes it @returns how many
 */
export const insertHeaders = (tx: Tx, { date, generation }: Generation, recordedAt: string): Promise<number> =>
  change(
    tx,
    `INSERT INTO ledger_transaction (idempotency_key, kind, seller_id, effective_on, recorded_at, requested_by, reason)
     SELECT ${SETTLEMENT_KEY}, IF(s.net < 0, 'REFUND_AFTER_SETTLEMENT', 'SETTLEMENT'), s.seller_id, s.settled_on, ?, 'system', '' FROM ${SETTLED}
     WHERE ${OF_GENERATION} AND (${LEGS.map((leg) => `${amountOf(leg)} <> 0`).join(' OR ')})`,
    [recordedAt, date, generation],
  );

/**
 * Writes the postings of these transactions, transaction by transaction: they go to one place of the table. The sellers' accounts are shared until the commit, in the order of
 * sellers. Fails with a NULL in a column that takes none (`isNullRefused`) where one of them is closed.
 *
 * The statement has to be a locking read, which finds every account that is there. A consistent read may lack one that another date has just opened: MariaDB marks a transaction as
 * committed, which ends the locks on the rows that it has inserted, and only then takes it out of the list from which new snapshots learn who is active
 * (`trx_t::commit_in_memory`). Besides, the accounts are shared anyway, and a closed one is noticed without another read.
 * @param idOf of the accounts that are not the sellers' @returns how many
 */
export async function insertPostingsOf(
  tx: Tx,
  { date, generation }: Generation,
  recordedAt: string,
  moved: readonly MovedLeg[],
  idOf: (account: AccountRef) => number,
): Promise<number> {
  if (moved.length === 0) return 0;
  const legs = [...new Set(moved.map(({ leg }) => leg))];
  const byLeg = (of: (leg: Leg) => string): string =>
    `CASE l.leg ${legs.map((at) => `WHEN ${at} THEN ${of(LEGS[at] as Leg)}`).join(' ')} END`;
  const rows = moved.map(
    ({ leg, currency, shared }) =>
      `SELECT ${leg} AS leg, CONVERT('${currency}' USING ascii) COLLATE ascii_bin AS currency, ${shared === undefined ? 'NULL' : idOf(shared)} AS account_id`,
  );
  const own = sellerLegs(moved).map(([kind]) => kind);
  return change(
    tx,
    `INSERT INTO ledger_posting (transaction_id, account_id, shard, effective_on, recorded_at, amount_minor)
     SELECT t.transaction_id, ${byLeg(([kind]) => (isOfSeller(kind) ? `IF(${kind}.closed_at IS NULL, ${kind}.account_id, NULL)` : 'l.account_id'))},
       ${byLeg(([kind]) => shardSql(kind, 's.seller_id'))}, s.settled_on, ?, ${byLeg(amountOf)} FROM ${SETTLED}
     STRAIGHT_JOIN ledger_transaction t FORCE INDEX (ledger_transaction_key) ON t.idempotency_key = ${SETTLEMENT_KEY}
     ${own.map((kind) => `LEFT JOIN ledger_account ${kind} FORCE INDEX (ledger_account_key) ON ${kind}.kind = '${kind}' AND ${kind}.owner = s.seller_id AND ${kind}.currency = s.currency`).join(' ')}
     STRAIGHT_JOIN (${rows.join(' UNION ALL ')}) l ON l.currency = s.currency
     WHERE ${OF_GENERATION} AND ${byLeg(amountOf)} <> 0 LOCK IN SHARE MODE`,
    [recordedAt, date, generation],
  );
}

/**
 * Where the ledger differs from a posted generation: a currency in which sellers were not credited what the settlements say they are owed. The look finds for each amount that
 * settlements have credited the one settlement of that key, seller, currency and amount. So it finds as many settlements as there are amounts, and the posted ones that owe
 * something have to be as many; those that are not posted may have no transaction.
 */
export const GENERATIONS_CHECK: CheckGroup = {
  looks: [
    `SELECT 1 FROM (
       SELECT COUNT(*) AS amounts, COUNT(s.net) AS found FROM ledger_account a FORCE INDEX (ledger_account_key)
       STRAIGHT_JOIN ledger_posting p FORCE INDEX (ledger_posting_account) ON p.account_id = a.account_id
       STRAIGHT_JOIN ledger_transaction t ON t.transaction_id = p.transaction_id
       LEFT JOIN settlement s FORCE INDEX (PRIMARY) ON s.settled_on = t.effective_on AND s.seller_id = t.seller_id AND s.currency = a.currency
         AND s.net = -p.amount_minor AND t.seller_id = a.owner AND t.idempotency_key = ${SETTLEMENT_KEY}
       WHERE a.kind = 'SELLER_PAYABLE' AND t.idempotency_key BETWEEN 'settlement:' AND 'settlement;') credited
     JOIN (
       SELECT COALESCE(SUM(g.generation IS NOT NULL AND s.net <> 0), 0) AS owing,
         COALESCE(SUM(IF(g.generation IS NULL, (SELECT COUNT(*) FROM ledger_transaction t WHERE t.idempotency_key = ${SETTLEMENT_KEY}), 0)), 0) AS early
       FROM settlement s FORCE INDEX (PRIMARY)
       LEFT JOIN posted_generation g ON g.settled_on = s.settled_on AND g.generation = s.generation) settled
     WHERE found <> amounts OR found <> owing OR early > 0`,
  ],
  checks: [
    {
      name: 'settlements',
      sql: `SELECT CONCAT_WS(' ', settled_on, 'generation', generation, seller_id, currency) AS place, SUM(owed) AS expected, SUM(credited) AS actual FROM (
          SELECT s.settled_on, s.generation, s.seller_id, s.currency, s.net AS owed, 0 AS credited FROM settlement s
            JOIN posted_generation g ON g.settled_on = s.settled_on AND g.generation = s.generation
          UNION ALL SELECT t.effective_on, CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(t.idempotency_key, ':', 3), ':', -1) AS UNSIGNED), t.seller_id, a.currency, 0, -p.amount_minor
            FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.transaction_id
            JOIN ledger_account a ON a.account_id = p.account_id AND a.kind = 'SELLER_PAYABLE'
            WHERE t.idempotency_key BETWEEN 'settlement:' AND 'settlement;') both_
        GROUP BY settled_on, generation, seller_id, currency HAVING SUM(owed) <> SUM(credited)
        ORDER BY settled_on, generation, seller_id, currency LIMIT 1`,
    },
  ],
};
