/** Items that are on no statement yet. A read goes by account and by the moment of recording, so it does not grow with history. */
import { type Cell, type Db, select, selectArrays } from '../../../infra/database.js';
import { FIGURES } from '../../settlement/rules/figures.js';
import type { OpenItem, OpenReserve, OpenSettlement } from '../rules/open-account.js';

/** Accounts whose open items were all recorded since a moment, as the database writes it. */
export interface OpenGroup {
  readonly accountIds: readonly number[];
  readonly since: string;
}

/** The longest time from recording an item to its commit. */
const SLACK = 'INTERVAL 1 DAY';

/** All figures as one text, because many cells of a row are the main cost of the process that reads it. */
const figures = (alias: string): string =>
  `CONCAT_WS(' ', ${FIGURES.map(({ column }) => `${alias}.${column}`).join(', ')})`;
const OF_SETTLEMENT = (alias: string): string =>
  `${alias}.settled_on = s.settled_on AND ${alias}.seller_id = s.seller_id AND ${alias}.currency = s.currency AND ${alias}.generation = s.generation`;

const SETTLEMENTS = `SELECT a.account_id, s.settled_on, s.generation, g.posted_at, s.sales, s.refunds, ${figures('s')}, IF(r.net IS NULL, NULL, ${figures('r')})
  FROM posted_generation g STRAIGHT_JOIN ledger_account a FORCE INDEX (PRIMARY)
  STRAIGHT_JOIN settlement s FORCE INDEX (PRIMARY)
    ON s.settled_on = g.settled_on AND s.seller_id = a.owner AND s.currency = a.currency AND s.generation = g.generation
  LEFT JOIN statement_settlement c ON ${OF_SETTLEMENT('c')}
  LEFT JOIN settlement_refund r ON s.refunds > 0 AND ${OF_SETTLEMENT('r')}
  WHERE g.posted_at >= ? - ${SLACK} AND g.settled_on <= ? AND a.account_id IN (?) AND c.statement_id IS NULL`;

/** The settlements of posted generations for dates up to `through`, by account, in order of date and generation. */
export async function readOpenSettlements(
  db: Db,
  { accountIds, since }: OpenGroup,
  through: string,
): Promise<Map<number, OpenSettlement[]>> {
  const byAccount = new Map<number, OpenSettlement[]>();
  for (const row of await selectArrays(db, SETTLEMENTS, [since, through, accountIds])) {
    const accountId = Number(row[0]);
    const settlements = byAccount.get(accountId);
    if (settlements === undefined) byAccount.set(accountId, [settlementOf(row)]);
    else settlements.push(settlementOf(row));
  }
  for (const settlements of byAccount.values())
    settlements.sort((a, b) =>
      a.settledOn === b.settledOn ? a.generation - b.generation : a.settledOn < b.settledOn ? -1 : 1,
    );
  return byAccount;
}

const settlementOf = (row: readonly Cell[]): OpenSettlement => ({
  settledOn: row[1] as string,
  generation: Number(row[2]),
  recordedAt: row[3] as string,
  sales: Number(row[4]),
  refunds: Number(row[5]),
  figureText: row[6] as string,
  refundFigureText: row[7] as string | null,
});

/** The other transactions that count for dates up to `through`, by account, in the order of their ids. */
export async function readOpenItems(
  db: Db,
  { accountIds, since }: OpenGroup,
  through: string,
): Promise<Map<number, OpenItem[]>> {
  const rows = await select<Omit<OpenItem, 'amountMinor'> & { accountId: number; amount: string }>(
    db,
    `SELECT p.account_id AS accountId, t.transaction_id AS transactionId, t.idempotency_key AS 'key', t.kind, COALESCE(o.kind, t.kind) AS about,
       t.effective_on AS effectiveOn, t.recorded_at AS recordedAt, -p.amount_minor AS amount
     FROM ledger_posting p FORCE INDEX (ledger_posting_account) STRAIGHT_JOIN ledger_transaction t ON t.transaction_id = p.transaction_id
     LEFT JOIN ledger_transaction o ON o.transaction_id = t.reverses_id LEFT JOIN statement_item i ON i.transaction_id = t.transaction_id
     WHERE p.account_id IN (?) AND p.recorded_at >= ? - ${SLACK} AND p.effective_on <= ?
       AND t.kind NOT IN ('SETTLEMENT', 'REFUND_AFTER_SETTLEMENT') AND i.statement_id IS NULL ORDER BY t.transaction_id`,
    [accountIds, since, through],
  );
  const byAccount = new Map<number, OpenItem[]>();
  for (const { accountId, amount, ...item } of rows) {
    const items = byAccount.get(accountId) ?? [];
    items.push({ ...item, amountMinor: BigInt(amount) });
    byAccount.set(accountId, items);
  }
  return byAccount;
}

/** The sum that counts for dates after `through`. */
export interface Later {
  /** When the first open item was recorded; null: there is none. */
  readonly since: string | null;
  /** Its amount for the seller. */
  readonly amountMinor: bigint;
}

/** The same by account. */
export async function readLater(
  db: Db,
  { accountIds, since }: OpenGroup,
  through: string,
): Promise<(accountId: number) => Later> {
  const [generation] = await select<{ first: string | null }>(
    db,
    `SELECT MIN(posted_at) AS first FROM posted_generation WHERE posted_at >= ? - ${SLACK} AND settled_on > ?`,
    [since, through],
  );
  const rows = await select<{ accountId: number; first: string; amount: string }>(
    db,
    `SELECT account_id AS accountId, MIN(recorded_at) AS first, -SUM(amount_minor) AS amount FROM ledger_posting FORCE INDEX (ledger_posting_account)
     WHERE account_id IN (?) AND recorded_at >= ? - ${SLACK} AND effective_on > ? GROUP BY account_id`,
    [accountIds, since, through],
  );
  const ofAccount = new Map(rows.map((row) => [row.accountId, row]));
  return (accountId) => {
    const { first, amount = '0' } = ofAccount.get(accountId) ?? {};
    return {
      since: [generation?.first, first].filter((it) => it != null).sort()[0] ?? null,
      amountMinor: BigInt(amount),
    };
  };
}

/** Reserves that are open, by account, by due date. */
export async function readOpenReserves(db: Db, accountIds: readonly number[]): Promise<Map<number, OpenReserve[]>> {
  const rows = await select<
    Omit<OpenReserve, 'amountMinor' | 'takenMinor'> & Record<'amount' | 'taken', string> & { accountId: number }
  >(
    db,
    `SELECT a.account_id AS accountId, r.statement_id AS statementId, s.number, r.due_on AS dueOn, r.amount_minor AS amount, r.taken_minor AS taken
     FROM ledger_account a STRAIGHT_JOIN statement_reserve r FORCE INDEX (statement_reserve_open)
       ON r.seller_id = a.owner AND r.currency = a.currency AND r.released_in IS NULL
     JOIN statement s ON s.statement_id = r.statement_id WHERE a.account_id IN (?) ORDER BY a.account_id, r.due_on, r.statement_id`,
    [accountIds],
  );
  const byAccount = new Map<number, OpenReserve[]>();
  for (const { accountId, amount, taken, ...reserve } of rows) {
    const reserves = byAccount.get(accountId) ?? [];
    reserves.push({ ...reserve, amountMinor: BigInt(amount), takenMinor: BigInt(taken) });
    byAccount.set(accountId, reserves);
  }
  return byAccount;
}

export interface AccountStanding {
  readonly lastNumber: number;
  readonly openingMinor: bigint;
  readonly unpaidMinor: bigint;
  readonly payableMinor: bigint;
  readonly reserveMinor: bigint;
  readonly receivableMinor: bigint;
}

interface StandingRow {
  readonly accountId: number;
  readonly lastNumber: number | null;
  readonly opening: string | null;
  readonly unpaid: string | null;
  readonly payable: string | null;
  readonly reserve: string | null;
  readonly receivable: string | null;
}

const balanceOf = (kind: string): string =>
  `(SELECT b.amount_minor FROM ledger_account x JOIN ledger_balance b ON b.account_id = x.account_id AND b.shard = 0
    WHERE x.kind = '${kind}' AND x.owner = a.owner AND x.currency = a.currency)`;

/** The standing of accounts: their last statement, the unpaid amount, and the current balances. */
export async function readStandings(db: Db, accountIds: readonly number[]): Promise<Map<number, AccountStanding>> {
  const rows = await select<StandingRow>(
    db,
    `SELECT a.account_id AS accountId, l.number AS lastNumber, l.closing_minor AS opening, ${balanceOf('SELLER_PAYABLE')} AS payable,
       ${balanceOf('SELLER_RESERVE')} AS reserve, ${balanceOf('SELLER_RECEIVABLE')} AS receivable,
       (SELECT SUM(u.earned_minor) FROM statement u FORCE INDEX (statement_unpaid) LEFT JOIN payout_statement p ON p.claimed_id = u.statement_id
        WHERE u.seller_id = a.owner AND u.currency = a.currency AND u.status = 'ISSUED' AND p.claimed_id IS NULL) AS unpaid
     FROM ledger_account a LEFT JOIN statement l ON l.seller_id = a.owner AND l.currency = a.currency AND l.number =
       (SELECT MAX(n.number) FROM statement n WHERE n.seller_id = a.owner AND n.currency = a.currency)
     WHERE a.account_id IN (?)`,
    [accountIds],
  );
  return new Map(
    rows.map((row) => [
      row.accountId,
      {
        lastNumber: row.lastNumber ?? 0,
        openingMinor: BigInt(row.opening ?? 0),
        unpaidMinor: BigInt(row.unpaid ?? 0),
        payableMinor: -BigInt(row.payable ?? 0),
        reserveMinor: -BigInt(row.reserve ?? 0),
        receivableMinor: BigInt(row.receivable ?? 0),
      },
    ]),
  );
}

/** The reasons of transactions, by id. */
export async function readReasons(db: Db, transactionIds: readonly number[]): Promise<Map<number, string>> {
  if (transactionIds.length === 0) return new Map();
  const rows = await select<{ transactionId: number; reason: string }>(
    db,
    'SELECT transaction_id AS transactionId, reason FROM ledger_transaction WHERE transaction_id IN (?)',
    [transactionIds],
  );
  return new Map(rows.map(({ transactionId, reason }) => [transactionId, reason]));
}
