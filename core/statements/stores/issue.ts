/** Writes statements: a few SQL statements for a page of accounts. Unique keys keep every item on one statement. */
import { change, selectArrays, type Tx } from '../../../infra/database.js';
import { insertRows } from '../../../infra/stores/row-writer.js';
import { FIGURE_NAMES, FIGURES } from '../../settlement/rules/figures.js';
import type { LegTotals, Statement } from '../rules/statement.js';

/** Statements that one SELECT looks for. */
const ROWS = 4_000;

export interface Issue {
  /** As the database writes it. */
  readonly issuedAt: string;
  readonly issuedBy: string;
  /** Null: a person closed the period of one seller. */
  readonly runId: number | null;
}

/** Stores statements without their content. @returns the id of each */
export async function insertStatements(
  tx: Tx,
  statements: readonly Statement[],
  { issuedAt, issuedBy, runId }: Issue,
): Promise<number[]> {
  await insertRows(
    tx,
    `statement (seller_id, currency, number, period_from, closes_on, payout_on, terms_seller, terms_version, calendar_version,
       opening_minor, earned_minor, closing_minor, hash, status, issued_at, issued_by, run_id)`,
    statements.map((it) => [
      ...[it.sellerId, it.currency, it.number, it.periodFrom, it.closesOn, it.payoutOn],
      ...[it.termsSeller, it.termsVersion, it.calendarVersion],
      ...[it.openingMinor, it.earnedMinor, it.closingMinor, it.hash, 'ISSUED', issuedAt, issuedBy, runId],
    ]),
  );
  const ids = new Map<string, number>();
  const nameOf = (it: Pick<Statement, 'sellerId' | 'currency' | 'number'>): string =>
    `${it.sellerId} ${it.currency} ${it.number}`;
  for (let at = 0; at < statements.length; at += ROWS) {
    const keys = statements.slice(at, at + ROWS).map(({ sellerId, currency, number }) => [sellerId, currency, number]);
    const rows = await selectArrays(
      tx,
      `SELECT seller_id, currency, number, statement_id FROM statement FORCE INDEX (statement_number)
       WHERE (seller_id, currency, number) IN (${keys.map(() => '(?, ?, ?)').join(', ')})`,
      keys.flat(),
    );
    for (const [sellerId, currency, number, id] of rows) ids.set(`${sellerId} ${currency} ${number}`, Number(id));
  }
  return statements.map((it) => ids.get(nameOf(it)) as number);
}

/** An issued statement with the settlements that were decided to stand on it. */
export interface StatedSettlements {
  readonly statementId: number;
  readonly sellerId: string;
  readonly currency: string;
  /** The days of its period, both inclusive. */
  readonly from: string;
  readonly closesOn: string;
  /** By date. */
  readonly settlements: readonly { readonly settledOn: string; readonly generation: number }[];
}

/**
 * Stores which settlements stand on statements that were just issued. Those of a period are copied from the settlements themselves, for all statements of the period at once. What
 * a supplement brought for earlier days is sent.
 */
export async function insertStatementSettlements(tx: Tx, statements: readonly StatedSettlements[]): Promise<void> {
  const periods = new Map<string, StatedSettlements[]>();
  for (const one of statements) {
    const period = `${one.from} ${one.closesOn}`;
    const same = periods.get(period);
    if (same === undefined) periods.set(period, [one]);
    else same.push(one);
  }
  const sent: StatedSettlements[] = [];
  for (const same of periods.values()) {
    const copied = await copyPeriod(tx, same);
    sent.push(...same.map((one) => (copied ? { ...one, settlements: one.settlements.slice(0, begin(one)) } : one)));
  }
  const rows = sent.flatMap(({ statementId, sellerId, currency, settlements }) =>
    settlements.map((it) => [it.settledOn, sellerId, currency, it.generation, statementId]),
  );
  await insertRows(tx, 'statement_settlement (settled_on, seller_id, currency, generation, statement_id)', rows);
}

/** The place at which the settlements of the period begin; what a supplement brought for earlier days stands before it. */
const begin = ({ from, settlements }: StatedSettlements): number => {
  const at = settlements.findIndex(({ settledOn }) => settledOn >= from);
  return at === -1 ? settlements.length : at;
};

/**
 * Copies every settlement of a period to the statements of that period. A period belongs to one statement, so they are those that were decided, unless a supplement was settled
 * meanwhile. It is not posted yet and belongs to the next statement: then nothing is copied.
 * @returns whether they were copied
 */
async function copyPeriod(tx: Tx, statements: readonly StatedSettlements[]): Promise<boolean> {
  const { from, closesOn } = statements[0] as StatedSettlements;
  const ids = statements.map(({ statementId }) => statementId);
  const copied = await change(
    tx,
    `INSERT INTO statement_settlement (settled_on, seller_id, currency, generation, statement_id)
     SELECT s.settled_on, s.seller_id, s.currency, s.generation, t.statement_id
     FROM settlement s FORCE INDEX (settlement_seller) STRAIGHT_JOIN statement t FORCE INDEX (statement_period)
       ON t.seller_id = s.seller_id AND t.currency = s.currency AND t.closes_on = ?
     WHERE s.seller_id IN (?) AND s.settled_on BETWEEN ? AND ? AND t.statement_id IN (?)`,
    [closesOn, [...new Set(statements.map(({ sellerId }) => sellerId))], from, closesOn, ids],
  );
  if (copied === statements.reduce((sum, one) => sum + one.settlements.length - begin(one), 0)) return true;
  await change(
    tx,
    'DELETE c FROM statement_settlement c FORCE INDEX (statement_settlement_statement) WHERE c.statement_id IN (?)',
    [ids],
  );
  return false;
}

export const insertStatementItems = (
  tx: Tx,
  rows: readonly (readonly [transactionId: number, statementId: number, kind: string, amountMinor: bigint])[],
): Promise<void> => insertRows(tx, 'statement_item (transaction_id, statement_id, kind, amount_minor)', rows);

/** The sums of the settlements; a leg without entries has none. */
export const insertStatementTotals = (
  tx: Tx,
  totals: readonly { readonly statementId: number; readonly legs: readonly LegTotals[] }[],
): Promise<void> =>
  insertRows(
    tx,
    `statement_total (statement_id, leg, entries, ${FIGURES.map(({ column }) => column).join(', ')})`,
    totals.flatMap(({ statementId, legs }) =>
      legs
        .map(({ entries, figures }, leg) => [
          ...[statementId, leg, entries],
          ...FIGURE_NAMES.map((name) => figures[name]),
        ])
        .filter(([, , entries]) => entries !== 0),
    ),
  );

export interface ReserveRow {
  readonly statementId: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly dueOn: string;
  readonly amountMinor: bigint;
  readonly takenMinor: bigint;
  readonly releasedMinor: bigint;
  readonly releasedIn: number | null;
}

/** Stores new reserves and the changes of earlier ones. */
export const writeReserves = (tx: Tx, reserves: readonly ReserveRow[]): Promise<void> =>
  insertRows(
    tx,
    'statement_reserve (statement_id, seller_id, currency, due_on, amount_minor, taken_minor, released_minor, released_in)',
    reserves.map((it) => [
      ...[it.statementId, it.sellerId, it.currency, it.dueOn, it.amountMinor, it.takenMinor],
      ...[it.releasedMinor, it.releasedIn],
    ]),
    {
      onDuplicate:
        'ON DUPLICATE KEY UPDATE taken_minor = VALUES(taken_minor), released_minor = VALUES(released_minor), released_in = VALUES(released_in)',
    },
  );
