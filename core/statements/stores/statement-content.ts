/** A statement and what it is made of, as its documents show it. */
import { type Db, isoTime, select, streamArrays } from '../../../infra/database.js';
import { columnOf, eachFigure, FIGURE_NAMES } from '../../settlement/rules/figures.js';
import type { KindSum, LegTotals, Statement } from '../rules/statement.js';
import type { StatementItem, StatementSettlement } from '../rules/statement-rows.js';

type Row = Record<string, string | number>;

const SELECT_STATEMENT = `SELECT statement_id AS statementId, number, seller_id AS sellerId, currency, LOWER(status) AS state, period_from AS periodFrom,
  closes_on AS closesOn, payout_on AS payoutOn, terms_seller AS termsSeller, terms_version AS termsVersion, calendar_version AS calendarVersion,
  opening_minor AS openingMinor, earned_minor AS earnedMinor, closing_minor AS closingMinor, hash, issued_at AS issuedAt, paid_on AS paidOn FROM statement`;

const FIGURE_COLUMNS = FIGURE_NAMES.map(columnOf);

/** A statement that was issued, with its sums. */
export async function readStatementContent(db: Db, statementId: number): Promise<Statement | undefined> {
  const [statement] = await select<Omit<Statement, 'sales' | 'refunds' | 'sums'>>(
    db,
    `${SELECT_STATEMENT} WHERE statement_id = ?`,
    [statementId],
    { openingMinor: BigInt, earnedMinor: BigInt, closingMinor: BigInt, issuedAt: isoTime },
  );
  if (statement === undefined) return undefined;
  const legs = await select<Row>(
    db,
    `SELECT leg, entries, ${FIGURE_COLUMNS.join(', ')} FROM statement_total WHERE statement_id = ?`,
    [statementId],
  );
  const sums = await select<KindSum>(
    db,
    `SELECT kind, COUNT(*) AS transactions, SUM(amount_minor) AS amountMinor FROM statement_item WHERE statement_id = ? GROUP BY kind ORDER BY kind`,
    [statementId],
    { amountMinor: BigInt },
  );
  return { ...statement, sales: legOf(legs, 0), refunds: legOf(legs, 1), sums };
}

function legOf(rows: readonly Row[], leg: number): LegTotals {
  const row = rows.find((one) => one.leg === leg);
  return {
    entries: Number(row?.entries ?? 0),
    figures: eachFigure(FIGURE_NAMES, (name) => BigInt(String(row?.[columnOf(name)] ?? 0))),
  };
}

/** The settlements of a statement by date and generation. */
export async function* streamStatementSettlements(db: Db, statementId: number): AsyncGenerator<StatementSettlement> {
  const sql = `SELECT s.settled_on, s.generation, s.sales, s.refunds, ${FIGURE_COLUMNS.map((column) => `s.${column}`).join(', ')}
    FROM statement_settlement x
    JOIN settlement s ON s.settled_on = x.settled_on AND s.seller_id = x.seller_id AND s.currency = x.currency AND s.generation = x.generation
    WHERE x.statement_id = ? ORDER BY s.settled_on, s.generation`;
  for await (const batch of streamArrays(db, sql, [statementId]))
    for (const [settledOn, generation, sales, refunds, ...figures] of batch)
      yield {
        settledOn: String(settledOn),
        generation: Number(generation),
        sales: Number(sales),
        refunds: Number(refunds),
        figures: eachFigure(FIGURE_NAMES, (_, at) => BigInt(String(figures[at]))),
      };
}

/** The other transactions of a statement, in the order in which they are in the ledger. */
export async function* streamStatementItems(db: Db, statementId: number): AsyncGenerator<StatementItem> {
  const sql = `SELECT x.transaction_id, t.effective_on, x.kind, t.reason, x.amount_minor FROM statement_item x
    JOIN ledger_transaction t ON t.transaction_id = x.transaction_id WHERE x.statement_id = ? ORDER BY x.transaction_id`;
  for await (const batch of streamArrays(db, sql, [statementId]))
    for (const [transactionId, effectiveOn, kind, reason, amount] of batch)
      yield {
        transactionId: Number(transactionId),
        effectiveOn: String(effectiveOn),
        kind: kind as StatementItem['kind'],
        reason: String(reason),
        amountMinor: BigInt(String(amount)),
      };
}
