/**
 * The settled lines of a certificate, for trying a draft of fee policies on them: pages by key, with those columns of the lines and of
 * their sales that the choice of a policy and its figures need. Certified lines never change, so pages may be read in any transaction.
 *
 * FORCE INDEX and the ORDER BY over the whole key: see entry-page.ts.
 */
import { type Cell, type Db, select, selectArrays } from '../../../infra/database.js';
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import type { ScopeFields } from '../../policies/rules/policy-book.js';
import { columnOf, DECIDED_FIGURES } from '../rules/figures.js';
import type { DecidedFigures } from '../rules/policy-effect.js';
import type { DraftReach, TrialSale } from '../rules/policy-trial.js';

/** A range (after, through] of the entry ids of one leg, as a generation of a date settled it. */
export interface TrialRange {
  readonly date: string;
  readonly generation: number;
  readonly leg: Leg;
  readonly after: number;
  readonly through: number;
}

export interface TrialPage extends TrialRange {
  readonly limit: number;
}

export interface TrialLine {
  readonly entryId: number;
  readonly sellerId: string;
  readonly before: DecidedFigures;
  /** The sale itself or the refunded sale; undefined when the feed no longer has it. */
  readonly sale: TrialSale | undefined;
  /** Both are 0 for a sale. */
  readonly priorQuantity: number;
  readonly quantity: number;
}

/** Short names, so that a statement is easy to read: l is the line, r its refund, s the sale. */
const LINE = 'l.entry_id, l.seller_id, l.fee_base, l.fee, l.fee_vat, l.pg_fee, l.pg_fee_vat, l.net';
const saleColumns = ({ usesCategory, usesProduct }: ScopeFields): string =>
  `s.seller_id, s.currency, s.ordered_on, s.quantity, s.item_amount, s.seller_discount, s.platform_discount, s.shipping_fee,
   ${usesCategory ? 's.category' : "''"}, ${usesProduct ? 's.product_id' : "''"}`;

/** The next lines by id that the draft can touch; fewer than the limit are the last ones of the range. */
export async function readTrialLines(
  db: Db,
  page: TrialPage,
  reach: DraftReach,
  needs: ScopeFields,
): Promise<TrialLine[]> {
  const { date, generation, leg, after, through, limit } = page;
  if (reach.currencies.length === 0) return [];
  const entry =
    leg === SALE
      ? 'LEFT JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id'
      : `LEFT JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
         LEFT JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id`;
  const units = leg === SALE ? '0, 0' : 'r.prior_quantity, r.quantity';
  const within = withinReach(reach);
  const rows = await selectArrays(
    db,
    `SELECT ${LINE}, ${units}, ${saleColumns(needs)} FROM settlement_line l FORCE INDEX (PRIMARY) ${entry}
     WHERE l.settled_on = ? AND l.leg = ? AND l.entry_id > ? AND l.entry_id <= ? AND l.generation = ? AND ${within.condition}
     ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`,
    [date, leg, after, through, generation, ...within.params, limit],
  );
  return rows.map(toTrialLine);
}

/** A line whose sale is missing from the feed has no category and no product. It is read unless the draft names only other sellers. */
function withinReach({ currencies, scopes }: DraftReach): { condition: string; params: unknown[] } {
  const inCurrency = '(s.currency IN (?) OR s.entry_id IS NULL)';
  if (scopes === null) return { condition: inCurrency, params: [currencies] };
  const { sellers, categories, products } = scopes;
  const parts = [
    { column: 'l.seller_id', values: sellers },
    { column: 's.category', values: categories },
    { column: 's.product_id', values: products },
  ].filter(({ values }) => values.length > 0);
  const ofSellersAlone = parts.length === 1 && parts[0]?.values === sellers;
  const inScope = [...parts.map(({ column }) => `${column} IN (?)`), ...(ofSellersAlone ? [] : ['s.entry_id IS NULL'])];
  return {
    condition: `(${inScope.join(' OR ')}) AND ${inCurrency}`,
    params: [...parts.map(({ values }) => values), currencies],
  };
}

const SALE_CELLS = 10;

function toTrialLine(row: Cell[]): TrialLine {
  return {
    entryId: row[0] as number,
    sellerId: row[1] as string,
    before: {
      feeBase: row[2] as number,
      fee: row[3] as number,
      feeVat: row[4] as number,
      pgFee: row[5] as number,
      pgFeeVat: row[6] as number,
      net: row[7] as number,
    },
    priorQuantity: row[8] as number,
    quantity: row[9] as number,
    sale:
      row[SALE_CELLS] === null
        ? undefined
        : {
            sellerId: row[SALE_CELLS] as string,
            currency: row[SALE_CELLS + 1] as string,
            orderedOn: row[SALE_CELLS + 2] as string,
            quantity: row[SALE_CELLS + 3] as number,
            itemAmount: row[SALE_CELLS + 4] as number,
            sellerDiscount: row[SALE_CELLS + 5] as number,
            platformDiscount: row[SALE_CELLS + 6] as number,
            shippingFee: row[SALE_CELLS + 7] as number,
            category: row[SALE_CELLS + 8] as string,
            productId: row[SALE_CELLS + 9] as string,
          },
  };
}

/** How many lines a range has, and the sums of the figures that a policy decides, in their order, over all currencies. */
export async function sumTrialLines(
  db: Db,
  { date, generation, leg, after, through }: TrialRange,
): Promise<{ lines: number; sums: bigint[] }> {
  const [row = []] = await selectArrays(
    db,
    `SELECT COUNT(*), ${DECIDED_FIGURES.map((name) => `COALESCE(SUM(${columnOf(name)}), 0)`).join(', ')}
     FROM settlement_line FORCE INDEX (PRIMARY)
     WHERE settled_on = ? AND leg = ? AND entry_id > ? AND entry_id <= ? AND generation = ?`,
    [date, leg, after, through, generation],
  );
  const [lines, ...sums] = row;
  return { lines: Number(lines), sums: sums.map((sum) => BigInt(sum as string)) };
}

/** The names of a line for people, and the policy under which it was settled. */
export interface LineName {
  readonly orderId: string;
  readonly lineId: string;
  /** Null for a sale. */
  readonly refundId: string | null;
  readonly policyId: number;
}

/** The names of these lines by entry id. */
export async function readLineNames(
  db: Db,
  date: string,
  leg: Leg,
  entryIds: readonly number[],
): Promise<Map<number, LineName>> {
  if (entryIds.length === 0) return new Map();
  const [refundId, entry] =
    leg === REFUND
      ? [
          'r.refund_id',
          `JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
           JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id`,
        ]
      : ['NULL', 'JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id'];
  const names = new Map<number, LineName>();
  for (let at = 0; at < entryIds.length; at += LIST_MAX) {
    const rows = await select<LineName & { readonly entryId: number }>(
      db,
      `SELECT l.entry_id AS entryId, s.order_id AS orderId, s.line_id AS lineId, ${refundId} AS refundId, l.policy_id AS policyId
       FROM settlement_line l FORCE INDEX (PRIMARY) ${entry} WHERE l.settled_on = ? AND l.leg = ? AND l.entry_id IN (?)`,
      [date, leg, entryIds.slice(at, at + LIST_MAX)],
    );
    for (const { entryId, ...name } of rows) names.set(entryId, name);
  }
  return names;
}

/** MariaDB turns a longer list into a join with a temporary table (`in_predicate_conversion_threshold`, 1,000). */
const LIST_MAX = 900;
