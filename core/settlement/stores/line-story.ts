/** One sale of the feed with its refunds, and the result of each of them. */

import { type Db, select } from '../../../infra/database.js';
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import { columnOf, ENTRY_FIGURES, type EntryFigure, eachFigure, FIGURE_NAMES, type Figures } from '../rules/figures.js';
import { figureColumns } from './leg-tables.js';

type EntryAmounts = Readonly<Record<EntryFigure, number>>;

/** A run's result for an entry. */
export interface StoredOutcome {
  /** Null: the entry has no line. */
  readonly line: StoredLineFigures | null;
  /** The reason why the entry is parked, if it is. */
  readonly exception: { readonly code: string; readonly details: string; readonly parkedAt: string } | null;
}

export interface StoredLineFigures {
  readonly generation: number;
  readonly policyId: number;
  readonly sellerId: string;
  readonly figures: Figures;
  /** Null while the generation is not certified. */
  readonly certificateHash: string | null;
  /** The revision of the policy book with which the generation was planned; null when the plan was removed. */
  readonly policyRevision: number | null;
}

export interface SaleStory extends StoredOutcome, EntryAmounts {
  readonly entryId: number;
  readonly settledOn: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly sellerId: string;
  readonly productId: string;
  readonly category: string;
  readonly currency: string;
  readonly quantity: number;
  readonly unitPrice: number;
  readonly orderedOn: string;
  /** confirmed_on; `settledOn` differs from it for late entries. */
  readonly occurredOn: string;
}

/** Amounts have their sign: negative when reversed. */
export interface RefundStory extends StoredOutcome, EntryAmounts {
  readonly entryId: number;
  readonly settledOn: string;
  readonly refundId: string;
  readonly quantity: number;
  readonly priorQuantity: number;
  readonly currency: string;
  readonly occurredOn: string;
  readonly reason: string;
}

/** BIGINTs arrive as text, the rest as numbers. */
type Row = Readonly<Record<string, string | number | null>>;

const OUTCOME_COLUMNS = `e.settled_on, e.entry_id, e.quantity, ${figureColumns('e', 'l')}, e.currency, e.occurred_on, l.generation,
  l.policy_id, l.seller_id AS line_seller_id, x.code AS exception_code, x.details AS exception_details, x.parked_at, c.hash AS certificate_hash,
  p.parameters AS plan_parameters`;

const outcomeJoins = (leg: Leg): string => `
  LEFT JOIN settlement_line l ON l.settled_on = e.settled_on AND l.leg = ${leg} AND l.entry_id = e.entry_id
  LEFT JOIN settlement_exception x ON x.settled_on = e.settled_on AND x.leg = ${leg} AND x.entry_id = e.entry_id
    AND x.settled_generation IS NULL
  LEFT JOIN settlement_certificate c ON c.settled_on = l.settled_on AND c.generation = l.generation
  LEFT JOIN job_instance j ON j.job = 'settle' AND j.job_key = CAST(e.settled_on AS CHAR(10) CHARACTER SET ascii)
  LEFT JOIN run_plan p ON p.run_id = j.run_id AND p.generation = l.generation`;

/** The seller of the sale; undefined when the feed has no such sale. */
export async function readSellerOfLine(db: Db, orderId: string, lineId: string): Promise<string | undefined> {
  const sql = 'SELECT seller_id FROM sale_entry WHERE order_id = ? AND line_id = ?';
  const [row] = await select<{ seller_id: string }>(db, sql, [orderId, lineId]);
  return row?.seller_id;
}

/** The sale and its refunds in the order in which they were accepted, or undefined when the feed has no such sale. */
export async function readLineStory(
  db: Db,
  orderId: string,
  lineId: string,
): Promise<{ sale: SaleStory; refunds: RefundStory[] } | undefined> {
  const [row] = await select<Row>(
    db,
    `SELECT e.order_id, e.line_id, e.seller_id, e.product_id, e.category, e.unit_price, e.ordered_on, ${OUTCOME_COLUMNS}
     FROM sale_entry e ${outcomeJoins(SALE)} WHERE e.order_id = ? AND e.line_id = ?`,
    [orderId, lineId],
  );
  if (row === undefined) return undefined;
  const refunds = await select<Row>(
    db,
    `SELECT e.refund_id, e.prior_quantity, e.reason, ${OUTCOME_COLUMNS}
     FROM refund_entry e ${outcomeJoins(REFUND)} WHERE e.original_id = ? ORDER BY e.prior_quantity`,
    [row.entry_id],
  );
  return { sale: saleOf(row), refunds: refunds.map(refundOf) };
}

function amountsOf(row: Row) {
  return {
    entryId: Number(row.entry_id),
    settledOn: String(row.settled_on),
    quantity: Number(row.quantity),
    ...eachFigure(ENTRY_FIGURES, (name) => Number(row[columnOf(name)])),
    currency: String(row.currency),
    occurredOn: String(row.occurred_on),
  };
}

function saleOf(row: Row): SaleStory {
  return {
    ...amountsOf(row),
    ...outcomeOf(row),
    orderId: String(row.order_id),
    lineId: String(row.line_id),
    sellerId: String(row.seller_id),
    productId: String(row.product_id),
    category: String(row.category),
    unitPrice: Number(row.unit_price),
    orderedOn: String(row.ordered_on),
  };
}

function refundOf(row: Row): RefundStory {
  return {
    ...amountsOf(row),
    ...outcomeOf(row),
    refundId: String(row.refund_id),
    priorQuantity: Number(row.prior_quantity),
    reason: String(row.reason),
  };
}

function outcomeOf(row: Row): StoredOutcome {
  const excepted = row.exception_code !== null;
  return {
    line: row.generation === null ? null : lineOf(row),
    exception: excepted
      ? { code: String(row.exception_code), details: String(row.exception_details), parkedAt: String(row.parked_at) }
      : null,
  };
}

function lineOf(row: Row): StoredLineFigures {
  return {
    generation: Number(row.generation),
    policyId: Number(row.policy_id),
    sellerId: String(row.line_seller_id),
    figures: eachFigure(FIGURE_NAMES, (name) => Number(row[columnOf(name)])),
    certificateHash: row.certificate_hash === null ? null : String(row.certificate_hash),
    policyRevision: row.plan_parameters === null ? null : JSON.parse(String(row.plan_parameters)).policyRevision,
  };
}
