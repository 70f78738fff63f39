/** Issued statements and their contents. */
import { type Db, isoTime, type Reading, select } from '../../../infra/database.js';
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import { eachFigure, FIGURE_NAMES, FIGURES } from '../../settlement/rules/figures.js';
import type { LegTotals, Statement } from '../rules/statement.js';
import type { StatementItem, StatementSettlement } from '../rules/statement-rows.js';

/** A statement without the sums of its contents. */
export interface StatementHead extends Omit<Statement, 'sales' | 'refunds' | 'sums' | 'statementId' | 'issuedAt'> {
  readonly statementId: number;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  readonly issuedBy: string;
}

type Amount = 'openingMinor' | 'earnedMinor' | 'closingMinor';

const HEAD = `SELECT s.statement_id AS statementId, s.seller_id AS sellerId, s.currency, s.number, LOWER(s.status) AS state, s.period_from AS periodFrom,
  s.closes_on AS closesOn, s.payout_on AS payoutOn, s.terms_seller AS termsSeller, s.terms_version AS termsVersion, s.calendar_version AS calendarVersion,
  s.opening_minor AS openingMinor, s.earned_minor AS earnedMinor, s.closing_minor AS closingMinor, s.hash, s.issued_at AS issuedAt,
  s.issued_by AS issuedBy, s.paid_on AS paidOn FROM statement s`;
const asMinor = (cell: string): bigint => BigInt(cell);
const reading: Reading<StatementHead> = {
  issuedAt: isoTime,
  openingMinor: asMinor,
  earnedMinor: asMinor,
  closingMinor: asMinor,
} satisfies Record<Amount | 'issuedAt', unknown>;

export interface StatementFilter {
  readonly sellerId?: string | undefined;
  readonly currency?: string | undefined;
  /** Last days of periods, both inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly state?: 'issued' | 'paid' | undefined;
}

/** The end of a page of the list. */
export interface ListedAfter {
  readonly closesOn: string;
  readonly statementId: number;
}

/** Statements, the latest period first, read by key. */
export function listStatements(
  db: Db,
  { sellerId, currency, from, to, state }: StatementFilter,
  after: ListedAfter | undefined,
  rowsMax: number,
): Promise<StatementHead[]> {
  const conditions: [string, unknown[]][] = [
    ...(sellerId === undefined ? [] : [['s.seller_id = ?', [sellerId]] as [string, unknown[]]]),
    ...(currency === undefined ? [] : [['s.currency = ?', [currency]] as [string, unknown[]]]),
    ...(from === undefined ? [] : [['s.closes_on >= ?', [from]] as [string, unknown[]]]),
    ...(to === undefined ? [] : [['s.closes_on <= ?', [to]] as [string, unknown[]]]),
    ...(state === undefined ? [] : [['s.status = ?', [state.toUpperCase()]] as [string, unknown[]]]),
    ...(after === undefined
      ? []
      : [
          [
            's.closes_on <= ? AND (s.closes_on < ? OR s.statement_id < ?)',
            [after.closesOn, after.closesOn, after.statementId],
          ] as [string, unknown[]],
        ]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const params = conditions.flatMap(([, values]) => values);
  return select(
    db,
    `${HEAD} ${where} ORDER BY s.closes_on DESC, s.statement_id DESC LIMIT ?`,
    [...params, rowsMax],
    reading,
  );
}

export async function readStatementHead(db: Db, statementId: number): Promise<StatementHead | undefined> {
  return (await select(db, `${HEAD} WHERE s.statement_id = ?`, [statementId], reading))[0];
}

/** Statements by id, read by key. */
export const readStatementsAfter = (db: Db, after: number, rowsMax: number): Promise<StatementHead[]> =>
  select(db, `${HEAD} WHERE s.statement_id > ? ORDER BY s.statement_id LIMIT ?`, [after, rowsMax], reading);

/** The statements of a seller whose period ends on a date. */
export const readStatementsClosing = (db: Db, sellerId: string, closesOn: string): Promise<StatementHead[]> =>
  select(db, `${HEAD} WHERE s.seller_id = ? AND s.closes_on = ? ORDER BY s.currency`, [sellerId, closesOn], reading);

const NO_FIGURES = eachFigure(FIGURE_NAMES, () => 0n);

/** A statement with its sums. */
export async function readStatement(db: Db, statementId: number): Promise<(Statement & StatementHead) | undefined> {
  const head = await readStatementHead(db, statementId);
  if (head === undefined) return undefined;
  const rows = await select<{ leg: number; entries: number } & Record<string, string>>(
    db,
    `SELECT leg, entries, ${FIGURES.map(({ column, name }) => `${column} AS ${name}`).join(', ')} FROM statement_total WHERE statement_id = ?`,
    [statementId],
  );
  const legOf = (leg: number): LegTotals => {
    const row = rows.find((one) => one.leg === leg);
    if (row === undefined) return { entries: 0, figures: NO_FIGURES };
    return { entries: Number(row.entries), figures: eachFigure(FIGURE_NAMES, (name) => BigInt(row[name] as string)) };
  };
  const sums = await select<{ kind: TransactionKind; transactions: number; amount: string }>(
    db,
    'SELECT kind, COUNT(*) AS transactions, SUM(amount_minor) AS amount FROM statement_item WHERE statement_id = ? GROUP BY kind ORDER BY kind',
    [statementId],
  );
  return {
    ...head,
    sales: legOf(0),
    refunds: legOf(1),
    sums: sums.map(({ kind, transactions, amount }) => ({ kind, transactions, amountMinor: BigInt(amount) })),
  };
}

/** The end of a page of settlements. */
export interface SettlementAfter {
  readonly settledOn: string;
  readonly generation: number;
}

/** With the hash of its certificate. */
export interface CertifiedSettlement extends StatementSettlement {
  readonly certificate: string | null;
}

/** The settlements of a statement, by date and generation. */
export async function readStatementSettlements(
  db: Db,
  statementId: number,
  after: SettlementAfter | undefined,
  rowsMax: number,
): Promise<CertifiedSettlement[]> {
  const behind = after === undefined ? '' : 'AND (c.settled_on > ? OR (c.settled_on = ? AND c.generation > ?))';
  const rows = await select<
    Omit<StatementSettlement, 'figures'> & { certificate: string | null } & Record<string, string>
  >(
    db,
    `SELECT c.settled_on AS settledOn, c.generation, s.sales, s.refunds, x.hash AS certificate,
       ${FIGURES.map(({ column, name }) => `s.${column} AS ${name}`).join(', ')}
     FROM statement_settlement c FORCE INDEX (statement_settlement_statement)
     JOIN settlement s ON s.settled_on = c.settled_on AND s.seller_id = c.seller_id AND s.currency = c.currency AND s.generation = c.generation
     LEFT JOIN settlement_certificate x ON x.settled_on = c.settled_on AND x.generation = c.generation
     WHERE c.statement_id = ? ${behind} ORDER BY c.settled_on, c.generation LIMIT ?`,
    after === undefined
      ? [statementId, rowsMax]
      : [statementId, after.settledOn, after.settledOn, after.generation, rowsMax],
  );
  return rows.map((row) => ({
    settledOn: row.settledOn,
    generation: row.generation,
    sales: Number(row.sales),
    refunds: Number(row.refunds),
    certificate: row.certificate,
    figures: eachFigure(FIGURE_NAMES, (name) => BigInt(row[name] as string)),
  }));
}

/** With the key of the transaction. */
export interface KeyedItem extends StatementItem {
  readonly key: string;
}

/** The other transactions of a statement, by id. */
export async function readStatementItems(
  db: Db,
  statementId: number,
  after: number,
  rowsMax: number,
): Promise<KeyedItem[]> {
  const rows = await select<Omit<StatementItem, 'amountMinor'> & { key: string; amount: string }>(
    db,
    `SELECT i.transaction_id AS transactionId, t.idempotency_key AS 'key', t.effective_on AS effectiveOn, i.kind, t.reason, i.amount_minor AS amount
     FROM statement_item i FORCE INDEX (statement_item_statement) JOIN ledger_transaction t ON t.transaction_id = i.transaction_id
     WHERE i.statement_id = ? AND i.transaction_id > ? ORDER BY i.transaction_id LIMIT ?`,
    [statementId, after, rowsMax],
  );
  return rows.map(({ amount, ...row }) => ({ ...row, amountMinor: BigInt(amount) }));
}

/** What the statements of a run come to in one currency (minor units): opening, earned and payouts add up to closing. */
export interface CurrencySum {
  readonly currency: string;
  readonly statements: number;
  readonly sellers: number;
  /** Of the first statement of each seller. */
  readonly openingMinor: bigint;
  readonly earnedMinor: bigint;
  /** Negative where more was paid out than came back. */
  readonly payoutsMinor: bigint;
  /** Of the last statement of each seller. */
  readonly closingMinor: bigint;
}

/** What the statements that a run has issued come to, by currency. A seller may have several, each of which begins with what the one before ends with. */
export const sumStatementsOfRun = (db: Db, runId: number): Promise<CurrencySum[]> =>
  select<CurrencySum>(
    db,
    `SELECT r.currency, SUM(r.statements) AS statements, COUNT(*) AS sellers, SUM(f.opening_minor) AS openingMinor, SUM(r.earned) AS earnedMinor,
       SUM(l.closing_minor - f.opening_minor - r.earned) AS payoutsMinor, SUM(l.closing_minor) AS closingMinor
     FROM (SELECT seller_id, currency, COUNT(*) AS statements, SUM(earned_minor) AS earned, MIN(number) AS first_number, MAX(number) AS last_number
       FROM statement FORCE INDEX (statement_run) WHERE run_id = ? GROUP BY seller_id, currency) r
     JOIN statement f ON f.seller_id = r.seller_id AND f.currency = r.currency AND f.number = r.first_number
     JOIN statement l ON l.seller_id = r.seller_id AND l.currency = r.currency AND l.number = r.last_number
     GROUP BY r.currency ORDER BY r.currency`,
    [runId],
    { statements: Number, openingMinor: asMinor, earnedMinor: asMinor, payoutsMinor: asMinor, closingMinor: asMinor },
  );
