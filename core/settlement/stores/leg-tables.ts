/** The two legs in SQL: tables, aliases, joins; and the columns of a line's figures, which are in two of these tables. */
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import { COMPUTED_FIGURES, columnOf, ENTRY_FIGURES } from '../rules/figures.js';

interface LegTable {
  readonly table: 'sale_entry' | 'refund_entry';
  /** The alias of an entry. The alias of its sale is always `s`; a sale is its own sale. */
  readonly alias: 's' | 'r';
  /** An expression; empty text for a sale. */
  readonly refundId: string;
}

const tables: Readonly<Record<Leg, LegTable>> = {
  [SALE]: { table: 'sale_entry', alias: 's', refundId: "''" },
  [REFUND]: { table: 'refund_entry', alias: 'r', refundId: 'r.refund_id' },
};
export const tableOf = (leg: Leg): LegTable => tables[leg];

/**
 * The remaining columns of an entry, with which a canonical line ends: separated by TAB, free text in hexadecimal digits. The
 * server joins them, because one more cell of a row costs a run less than six.
 */
export const restOfEntry = (leg: Leg): string =>
  leg === SALE
    ? `CONCAT_WS('\t', s.product_id, HEX(s.category), s.unit_price, s.ordered_on, s.occurred_on, IFNULL(s.import_id, ''))`
    : `CONCAT_WS('\t', r.original_on, r.original_id, r.prior_quantity, r.occurred_on, IFNULL(r.import_id, ''), HEX(r.reason))`;

type Join = 'JOIN' | 'STRAIGHT_JOIN' | 'LEFT JOIN';

/** Joins the sale `s` of a refund `r`. */
export const joinSaleOfRefund = (join: Join): string =>
  `${join} sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id`;

/** Joins the entry of a line `l` or an exception `x`. */
export function joinEntry(leg: Leg, of: 'l' | 'x', join: Join): string {
  const { table, alias } = tables[leg];
  return `${join} ${table} ${alias} ON ${alias}.settled_on = ${of}.settled_on AND ${alias}.entry_id = ${of}.entry_id`;
}

/** Joins the entry of a line `l`, and the sale `s` of that. */
export const joinEntryAndSale = (leg: Leg, join: Join): string =>
  leg === SALE ? joinEntry(leg, 'l', join) : `${joinEntry(leg, 'l', join)} ${joinSaleOfRefund(join)}`;

const columnsOf = (alias: string, names: typeof ENTRY_FIGURES | typeof COMPUTED_FIGURES): string =>
  names.map((name) => `${alias}.${columnOf(name)}`).join(', ');
/** The columns of an entry's own amounts, in the order of FIGURES. */
export const entryColumns = (alias: string): string => columnsOf(alias, ENTRY_FIGURES);
/** The columns that a run computed, in that order. */
export const computedColumns = (line: string): string => columnsOf(line, COMPUTED_FIGURES);
/** The columns of all figures of a line and its entry, in that order. */
export const figureColumns = (entry: string, line: string): string =>
  `${entryColumns(entry)}, ${computedColumns(line)}`;
