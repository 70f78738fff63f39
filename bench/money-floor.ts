/**
 * What does the money of a month cost when the database moves it alone? GROUP BY and INSERT … SELECT over two connections into the product's own tables, with all
 * columns and keys. What no SQL computes, such as hashes, is copied from finished rows. So every row is written that the product writes, and nothing is decided.
 *
 * There are two floors. The one copies finished postings and makes two comparisons. The other makes the amounts of the postings from the settled lines, and the comparisons that
 * the product makes. They write the same rows, and closing and proposing are the same work for both.
 */
import { shardSql } from '../core/ledger/stores/ledger-transaction.js';
import { SETTLEMENT_KEY } from '../core/postings/stores/settlement-posting.js';
import { COMPUTED_FIGURES, columnOf, ENTRY_FIGURES, FIGURES } from '../core/settlement/rules/figures.js';
import { type Cell, change, type Db, forWholeDates, openDatabase, select, selectArrays } from '../infra/database.js';
import { DATES, FIRST_DATE, LAST_DATE, MONEY_TABLES } from './money-month.js';

export const FLOOR_STEPS = ['post', 'balance', 'statements', 'payouts'] as const;
export type FloorStep = (typeof FLOOR_STEPS)[number];

/** What the postings are made of: copies of finished rows, or the settled lines. */
export const FLOORS = ['rows', 'lines'] as const;
export type Floor = (typeof FLOORS)[number];

const CONNECTIONS = 2;
/** Tables of what nothing else is computed from: all of their rows are copied. Each with the column by which it is halved. */
const COPIED = {
  ledger_account: 'account_id',
  ledger_transaction: 'transaction_id',
  ledger_posting: 'transaction_id',
  posted_generation: 'settled_on',
  statement: 'statement_id',
  statement_account: 'account_id',
  feed_event: 'event_id',
  payout: 'payout_id',
  payout_statement: 'payout_id',
  payout_event: 'event_id',
} as const;
type Copied = keyof typeof COPIED;

const keptName = (table: Copied, half: number): string => `kept_${table}_${half}`;

/** The checksum of every table that the chain writes: equal for equal rows, in whatever order they were written. */
export async function moneyChecksums(db: Db): Promise<Map<string, Cell>> {
  const tables = [...MONEY_TABLES, 'feed_event'];
  const rows = await selectArrays(
    forWholeDates(db),
    `CHECKSUM TABLE ${tables.map((name) => `\`${name}\``).join(', ')}`,
  );
  return new Map(rows.map(([name, sum], at) => [tables[at] ?? String(name), sum ?? null]));
}

export class MoneyFloor {
  private constructor(
    private readonly connections: readonly Db[],
    private readonly middles: Middles,
    private readonly checksums: ReadonlyMap<string, Cell>,
  ) {}

  /** Keeps what the product has just made, in tables without keys, one for each connection. */
  static async keep(db: Db, url: string): Promise<MoneyFloor> {
    const whole = forWholeDates(db);
    for (const [table, column] of Object.entries(COPIED) as [Copied, string][]) {
      const middle = await middleOf(whole, table, column);
      for (let half = 0; half < CONNECTIONS; half += 1) {
        await whole.raw('DROP TABLE IF EXISTS ??', [keptName(table, half)]);
        await whole.raw(
          `CREATE TABLE ?? AS SELECT * FROM ${table} WHERE ${column} ${half === 0 ? '<=' : '>'} ? ORDER BY ${column}`,
          [keptName(table, half), middle as string],
        );
      }
    }
    await keepKeys(whole);
    const middles = {
      account: Number(await middleOf(whole, 'ledger_posting', 'account_id')),
      seller: String(await middleOf(whole, 'statement', 'seller_id')),
      date: String(await middleOf(whole, 'posted_generation', 'settled_on')),
    };
    const checksums = await moneyChecksums(whole);
    const connections = Array.from({ length: CONNECTIONS }, () => openDatabase(url, { poolMax: 1 }));
    for (const connection of connections) await connection.raw('SELECT 1');
    return new MoneyFloor(connections.map(forWholeDates), middles, checksums);
  }

  /** Does one step of the chain; those before it are done. */
  async run(step: FloorStep, floor: Floor): Promise<void> {
    for (const phase of phasesOf(step, floor, this.middles))
      await Promise.all(
        this.connections.map(async (connection, half) => {
          for (const sql of phase(half)) await change(connection, sql);
        }),
      );
  }

  /** Throws unless every table holds the rows that the product had made. */
  async requireEqual(db: Db): Promise<void> {
    const found = await moneyChecksums(db);
    const differing = [...this.checksums].filter(([table, sum]) => found.get(table) !== sum).map(([table]) => table);
    if (differing.length > 0) throw new Error(`the floor has written other rows to ${differing.join(', ')}`);
  }

  async close(): Promise<void> {
    for (const connection of this.connections) await connection.destroy();
  }
}

/**
 * Keeps what no SQL makes of lines: the id of each settlement's transaction with its time and the seller's account, and the accounts of the other legs. All lines of the month came by
 * file, so no buyer has paid to this platform's shop.
 */
async function keepKeys(db: Db): Promise<void> {
  await db.raw('DROP TABLE IF EXISTS kept_settlement, kept_leg');
  await db.raw(
    `CREATE TABLE kept_settlement (PRIMARY KEY (settled_on, seller_id, currency, generation)) AS
     SELECT s.settled_on, s.seller_id, s.currency, s.generation, t.transaction_id, t.recorded_at, ${shardSql('FEE_REVENUE', 's.seller_id')} AS shard, a.account_id
     FROM settlement s JOIN ledger_transaction t ON t.idempotency_key = ${SETTLEMENT_KEY}
     JOIN ledger_account a ON a.kind = 'SELLER_PAYABLE' AND a.owner = s.seller_id AND a.currency = s.currency`,
  );
  await db.raw(
    `CREATE TABLE kept_leg (PRIMARY KEY (currency, kind)) AS
     SELECT DISTINCT currency, kind, IF(kind = 'SELLER_PAYABLE', NULL, account_id) AS account_id FROM ledger_account`,
  );
}

/** The value of a column that has half of the rows before it. */
async function middleOf(db: Db, table: string, column: string): Promise<Cell> {
  const [count] = await select<{ n: number }>(db, 'SELECT COUNT(*) AS n FROM ??', [table]);
  const sql = `SELECT ${column} FROM ${table} ORDER BY ${column} LIMIT 1 OFFSET ?`;
  return (await selectArrays(db, sql, [Math.floor((count?.n ?? 0) / 2)]))[0]?.[0] ?? null;
}

/** The values at which the work of two connections is parted. */
interface Middles {
  readonly account: number;
  readonly seller: string;
  readonly date: string;
}

/** Statements of a connection; all connections end a phase before one begins the next. */
type Phase = (half: number) => readonly string[];

function phasesOf(step: FloorStep, floor: Floor, middles: Middles): Phase[] {
  const accountHalf = (column: string, half: number): string =>
    `${column} ${half === 0 ? '<=' : '>'} ${middles.account}`;
  const sellerHalf = (column: string, half: number): string =>
    `${column} ${half === 0 ? '<=' : '>'} '${middles.seller}'`;
  const copied =
    (...tables: readonly Copied[]): Phase =>
    (half) =>
      tables.map((table) => `INSERT INTO ${table} SELECT * FROM ${keptName(table, half)}`);
  const dateHalf =
    (half: number) =>
    (date: string): boolean =>
      date <= middles.date === (half === 0);
  switch (step) {
    case 'post':
      return [
        (half) => [
          ...copied('posted_generation', 'ledger_account', 'ledger_transaction')(half),
          ...(floor === 'rows' ? copied('ledger_posting')(half) : DATES.filter(dateHalf(half)).map(postedFromLines)),
          refunded(`l.settled_on ${half === 0 ? '<=' : '>'} '${middles.date}'`),
        ],
        (half) => summed(accountHalf('account_id', half)),
      ];
    case 'balance':
      return [floor === 'rows' ? balanced : compared];
    case 'statements':
      return [
        copied('statement', 'statement_account', 'feed_event'),
        (half) => [...stated(sellerHalf('s.seller_id', half)), locked(accountHalf('a.account_id', half))],
      ];
    case 'payouts':
      return [copied('payout', 'payout_statement', 'payout_event')];
  }
}

/** The sums of a date's sales (leg 0) or refunds (leg 1), by seller and currency. The currency and the platform's discount stand in the feed. */
const legSums = (date: string, leg: 0 | 1): string =>
  `SELECT l.seller_id, e.currency, l.generation, SUM(l.buyer_paid) AS paid, SUM(e.platform_discount) AS discount, SUM(l.net) AS net,
     SUM(l.fee_vat + l.pg_fee_vat) AS vat, SUM(l.pg_fee) AS pg_fee FROM settlement_line l FORCE INDEX (PRIMARY)
   STRAIGHT_JOIN ${leg === 0 ? 'sale_entry' : 'refund_entry'} e ON e.settled_on = l.settled_on AND e.entry_id = l.entry_id
   WHERE l.settled_on = '${date}' AND l.leg = ${leg} GROUP BY l.seller_id, e.currency, l.generation`;

const LEG_AMOUNT = `CASE l.kind WHEN 'SHOP_CLEARING' THEN g.paid WHEN 'PROMOTION_COST' THEN g.discount WHEN 'SELLER_PAYABLE' THEN -g.net
  WHEN 'VAT_PAYABLE' THEN -g.vat WHEN 'PG_COST' THEN -g.pg_fee WHEN 'FEE_REVENUE' THEN g.net + g.vat + g.pg_fee - g.paid - g.discount END`;

/**
 * The postings of a date from the sums of its lines. Date by date, because the groups of a date fit into memory; and in the order of the kept settlements, which is that of
 * the transactions.
 */
const postedFromLines = (date: string): string =>
  `INSERT INTO ledger_posting SELECT k.transaction_id, COALESCE(l.account_id, k.account_id), IF(l.account_id IS NULL, 0, k.shard), k.settled_on, k.recorded_at, ${LEG_AMOUNT}
   FROM kept_settlement k FORCE INDEX (PRIMARY)
   STRAIGHT_JOIN (SELECT seller_id, currency, generation, SUM(paid) AS paid, SUM(discount) AS discount, SUM(net) AS net, SUM(vat) AS vat, SUM(pg_fee) AS pg_fee
     FROM (${legSums(date, 0)} UNION ALL ${legSums(date, 1)}) both_ GROUP BY seller_id, currency, generation) g
     ON g.seller_id = k.seller_id AND g.currency = k.currency AND g.generation = k.generation
   STRAIGHT_JOIN kept_leg l ON l.currency = k.currency WHERE k.settled_on = '${date}' AND ${LEG_AMOUNT} <> 0`;

/** The sums of the refunds of some dates, from the settled lines. */
const refunded = (
  half: string,
): string => `INSERT INTO settlement_refund (settled_on, generation, seller_id, currency, ${FIGURES.map(({ column }) => column).join(', ')})
  SELECT l.settled_on, l.generation, l.seller_id, r.currency, ${[
    ...ENTRY_FIGURES.map((name) => `SUM(r.${columnOf(name)})`),
    ...COMPUTED_FIGURES.map((name) => `SUM(l.${columnOf(name)})`),
  ].join(', ')} FROM settlement_line l FORCE INDEX (PRIMARY)
  STRAIGHT_JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
  WHERE l.settled_on BETWEEN '${FIRST_DATE}' AND '${LAST_DATE}' AND ${half} AND l.leg = 1
  GROUP BY l.settled_on, l.generation, l.seller_id, r.currency`;

/** The balances that a close makes to lock them, of accounts on which nothing was posted. */
const locked = (half: string): string =>
  `INSERT INTO ledger_balance SELECT a.account_id, 0, 0 FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.account_id
   WHERE a.kind = 'SELLER_PAYABLE' AND ${half} AND b.account_id IS NULL`;

/** Balances and sums of days from the postings of some accounts. */
const summed = (half: string): string[] => [
  `INSERT INTO ledger_balance SELECT account_id, shard, SUM(amount_minor) FROM ledger_posting WHERE ${half} GROUP BY account_id, shard`,
  `INSERT INTO ledger_day SELECT account_id, effective_on, DATE(recorded_at), shard, SUM(amount_minor) FROM ledger_posting WHERE ${half}
   GROUP BY account_id, effective_on, DATE(recorded_at), shard`,
];

/** One connection adds up each transaction, the other each balance. Neither may find anything. */
const balanced = (half: number): string[] => [
  half === 0
    ? `DO (SELECT COUNT(*) FROM (SELECT p.transaction_id FROM ledger_posting p JOIN ledger_account a ON a.account_id = p.account_id
        GROUP BY p.transaction_id, a.currency HAVING SUM(p.amount_minor) <> 0) n)`
    : `DO (SELECT COUNT(*) FROM (SELECT p.account_id, p.shard, SUM(p.amount_minor) AS total FROM ledger_posting p GROUP BY p.account_id, p.shard) n
        JOIN ledger_balance b ON b.account_id = n.account_id AND b.shard = n.shard WHERE b.amount_minor <> n.total)`,
];

/**
 * The comparisons of the product, each by one GROUP BY: one connection adds up each transaction, whose postings must have its dates and accounts of one currency; the other compares days,
 * balances, settlements and the trial balance. None may find anything. Reversals have no rows in this month.
 */
const compared = (half: number): string[] =>
  half === 0
    ? [
        counted(`SELECT 1 FROM ledger_transaction t FORCE INDEX (PRIMARY) LEFT JOIN ledger_posting p ON p.transaction_id = t.transaction_id
           LEFT JOIN ledger_account a ON a.account_id = p.account_id GROUP BY t.transaction_id
           HAVING COUNT(a.account_id) < 2 OR SUM(p.amount_minor) <> 0 OR MIN(a.currency) <> MAX(a.currency)
             OR SUM(p.effective_on <> t.effective_on OR p.recorded_at <> t.recorded_at) > 0`),
      ]
    : [
        counted(`SELECT 1 FROM (SELECT account_id, effective_on, DATE(recorded_at) AS recorded_on, shard, SUM(amount_minor) AS total FROM ledger_posting
           GROUP BY account_id, effective_on, DATE(recorded_at), shard) one
           LEFT JOIN ledger_day d ON d.account_id = one.account_id AND d.effective_on = one.effective_on AND d.recorded_on = one.recorded_on AND d.shard = one.shard
           WHERE NOT d.amount_minor <=> one.total`),
        counted(`SELECT 1 FROM (SELECT account_id, shard, SUM(amount_minor) AS total FROM ledger_posting GROUP BY account_id, shard) one
           LEFT JOIN ledger_balance b ON b.account_id = one.account_id AND b.shard = one.shard WHERE NOT b.amount_minor <=> one.total`),
        counted(`SELECT 1 FROM (SELECT a.owner, a.currency, p.effective_on, -SUM(p.amount_minor) AS credited FROM ledger_account a FORCE INDEX (ledger_account_key)
           STRAIGHT_JOIN ledger_posting p FORCE INDEX (ledger_posting_account) ON p.account_id = a.account_id
           WHERE a.kind = 'SELLER_PAYABLE' GROUP BY a.owner, a.currency, p.effective_on) one
           LEFT JOIN settlement s ON s.settled_on = one.effective_on AND s.seller_id = one.owner AND s.currency = one.currency AND s.generation = 1
           WHERE NOT s.net <=> one.credited`),
        counted(`SELECT a.currency FROM ledger_balance b JOIN ledger_account a ON a.account_id = b.account_id GROUP BY a.currency
           HAVING SUM(b.amount_minor) <> 0`),
      ];

const counted = (rows: string): string => `DO (SELECT COUNT(*) FROM (${rows}) n)`;

const OF_SETTLEMENT =
  'r.settled_on = s.settled_on AND r.seller_id = s.seller_id AND r.currency = s.currency AND r.generation = s.generation';

/** Which settlements stand on the statements of some sellers, and their sums: sales (leg 0) and refunds (leg 1) apart. */
function stated(half: string): string[] {
  const from = `FROM settlement s FORCE INDEX (PRIMARY) JOIN statement st ON st.seller_id = s.seller_id AND st.currency = s.currency`;
  const where = `WHERE s.settled_on BETWEEN '${FIRST_DATE}' AND '${LAST_DATE}' AND ${half}`;
  const refunds = `JOIN settlement_refund r ON ${OF_SETTLEMENT}`;
  const sums = (sum: (column: string) => string): string => FIGURES.map(({ column }) => sum(column)).join(', ');
  return [
    `INSERT INTO statement_settlement SELECT s.settled_on, s.seller_id, s.currency, s.generation, st.statement_id ${from} ${where}`,
    `INSERT INTO statement_total SELECT st.statement_id, 0, SUM(s.sales), ${sums((name) => `SUM(s.${name} - COALESCE(r.${name}, 0))`)}
     ${from} LEFT ${refunds} ${where} GROUP BY st.statement_id HAVING SUM(s.sales) <> 0`,
    `INSERT INTO statement_total SELECT st.statement_id, 1, SUM(s.refunds), ${sums((name) => `SUM(r.${name})`)}
     ${from} ${refunds} ${where} GROUP BY st.statement_id HAVING SUM(s.refunds) <> 0`,
  ];
}
