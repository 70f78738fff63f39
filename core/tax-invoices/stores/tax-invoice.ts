/** Tax invoices, and the settlements that they are made of. Only settlements of generations that have a certificate are read. */
import { change, type Db, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import { columnOf, EXPORTED_SUMS, type ExportedFigure, eachFigure } from '../../settlement/rules/figures.js';
import { INVOICE_CURRENCY, type InvoiceAmounts, type Month } from '../rules/tax-invoice.js';

export interface TaxInvoice extends InvoiceAmounts {
  readonly month: string;
  readonly sellerId: string;
  /** 1: the invoice of the month; 2 and more: its amendments. */
  readonly number: number;
  readonly sellerName: string;
  readonly sellerBusinessNumber: string;
  readonly platformName: string;
  readonly platformBusinessNumber: string;
  readonly issuedOn: string;
  readonly dueOn: string;
  readonly calendarVersion: number;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly madeBy: string;
}

/** A seller with settlements of a month that are on no invoice. */
export interface OpenSeller {
  readonly sellerId: string;
  /** Null: not registered. */
  readonly sellerName: string | null;
  readonly sellerBusinessNumber: string | null;
  /** The number of these settlements that are on no statement. */
  readonly notOnStatement: number;
  /** Invoices of the month that the seller has. */
  readonly invoices: number;
}

/** Settlements `s` of a month (its first and last day) that are on no invoice `x`, and their statement `y`. */
const OPEN = `settlement s JOIN settlement_certificate c ON c.settled_on = s.settled_on AND c.generation = s.generation
  LEFT JOIN tax_invoice_settlement x ON x.settled_on = s.settled_on AND x.seller_id = s.seller_id AND x.currency = s.currency AND x.generation = s.generation
  LEFT JOIN statement_settlement y ON y.settled_on = s.settled_on AND y.seller_id = s.seller_id AND y.currency = s.currency AND y.generation = s.generation`;
const IS_OPEN = `s.settled_on BETWEEN ? AND ? AND s.currency = '${INVOICE_CURRENCY}' AND x.settled_on IS NULL
  AND (s.fee <> 0 OR s.fee_vat <> 0 OR s.pg_fee <> 0 OR s.pg_fee_vat <> 0)`;

/** Sellers with charges that are on no invoice of the month, by id. */
export const readOpenSellers = (db: Db, { month, from, to }: Month): Promise<OpenSeller[]> =>
  select<OpenSeller>(
    db,
    `SELECT o.seller_id AS sellerId, r.name AS sellerName, r.business_number AS sellerBusinessNumber, o.notOnStatement, COALESCE(n.invoices, 0) AS invoices
     FROM (SELECT s.seller_id, SUM(y.settled_on IS NULL) + 0e0 AS notOnStatement FROM ${OPEN} WHERE ${IS_OPEN} GROUP BY s.seller_id) o
     LEFT JOIN seller r ON r.seller_id = o.seller_id
     LEFT JOIN (SELECT seller_id, MAX(number) AS invoices FROM tax_invoice WHERE month = ? GROUP BY seller_id) n ON n.seller_id = o.seller_id
     ORDER BY o.seller_id`,
    [from, to, month],
  );

/** Keeps others from making invoices of the month until the commit. */
export async function lockMonth(tx: Tx, { month }: Month): Promise<void> {
  await change(tx, 'INSERT INTO tax_invoice_month (month) VALUES (?) ON DUPLICATE KEY UPDATE month = VALUES(month)', [
    month,
  ]);
}

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/**
 * Claims the open settlements of sellers for the next invoice of each. The month is locked.
 * @param onStatements only settlements that are on a statement
 */
export async function claimSettlements(
  tx: Tx,
  { month, from, to }: Month,
  sellers: readonly string[],
  onStatements: boolean,
): Promise<void> {
  await change(
    tx,
    `INSERT INTO tax_invoice_settlement (settled_on, seller_id, currency, generation, number)
     SELECT s.settled_on, s.seller_id, s.currency, s.generation, COALESCE(n.last_number, 0) + 1 FROM ${OPEN}
     LEFT JOIN (SELECT seller_id, MAX(number) AS last_number FROM tax_invoice WHERE month = ? GROUP BY seller_id) n ON n.seller_id = s.seller_id
     WHERE ${IS_OPEN} AND s.seller_id IN (${marks(sellers)}) ${onStatements ? 'AND y.settled_on IS NOT NULL' : ''}`,
    [month, from, to, ...sellers],
  );
}

export interface ClaimedSums {
  readonly sellerId: string;
  readonly number: number;
  readonly sums: Readonly<Record<ExportedFigure, bigint>>;
}

/** The sums of the claimed settlements that have no invoice yet, by seller. */
export async function readClaimed(
  tx: Tx,
  { month, from, to }: Month,
  sellers: readonly string[],
): Promise<ClaimedSums[]> {
  const rows = await select<Record<string, string | number>>(
    tx,
    `SELECT x.seller_id, x.number, ${EXPORTED_SUMS.map((name) => `SUM(s.${columnOf(name)}) AS ${columnOf(name)}`).join(', ')}
     FROM tax_invoice_settlement x
     JOIN settlement s ON s.settled_on = x.settled_on AND s.seller_id = x.seller_id AND s.currency = x.currency AND s.generation = x.generation
     LEFT JOIN tax_invoice t ON t.month = ? AND t.seller_id = x.seller_id AND t.number = x.number
     WHERE x.settled_on BETWEEN ? AND ? AND x.seller_id IN (${marks(sellers)}) AND t.number IS NULL GROUP BY x.seller_id, x.number ORDER BY x.seller_id`,
    [month, from, to, ...sellers],
  );
  return rows.map((row) => ({
    sellerId: String(row.seller_id),
    number: Number(row.number),
    sums: eachFigure(EXPORTED_SUMS, (name) => BigInt(String(row[columnOf(name)]))),
  }));
}

export async function insertInvoices(tx: Tx, invoices: readonly Omit<TaxInvoice, 'madeAt'>[]): Promise<void> {
  if (invoices.length === 0) return;
  await change(
    tx,
    `INSERT INTO tax_invoice (month, seller_id, number, seller_name, seller_business_number, platform_name, platform_business_number, issued_on, due_on,
       calendar_version, fee_supply, fee_vat, pg_fee_supply, pg_fee_vat, made_by, made_at)
     VALUES ${invoices.map(() => `(${'?, '.repeat(15)}UTC_TIMESTAMP(3))`).join(', ')}`,
    invoices.flatMap((it) => [
      it.month,
      it.sellerId,
      it.number,
      it.sellerName,
      it.sellerBusinessNumber,
      it.platformName,
      it.platformBusinessNumber,
      it.issuedOn,
      it.dueOn,
      it.calendarVersion,
      ...[it.feeSupplyMinor, it.feeVatMinor, it.pgFeeSupplyMinor, it.pgFeeVatMinor].map(String),
      it.madeBy,
    ]),
  );
}

/** The key of an invoice; lists are in its order. */
export type InvoiceKey = Pick<TaxInvoice, 'sellerId' | 'number'>;

const INVOICE = `SELECT month, seller_id AS sellerId, number, seller_name AS sellerName, seller_business_number AS sellerBusinessNumber, platform_name AS platformName,
  platform_business_number AS platformBusinessNumber, issued_on AS issuedOn, due_on AS dueOn, calendar_version AS calendarVersion,
  fee_supply AS feeSupplyMinor, fee_vat AS feeVatMinor, pg_fee_supply AS pgFeeSupplyMinor, pg_fee_vat AS pgFeeVatMinor, made_at AS madeAt, made_by AS madeBy
  FROM tax_invoice`;
const reading: Reading<TaxInvoice> = {
  ...{ madeAt: isoTime, feeSupplyMinor: BigInt, feeVatMinor: BigInt, pgFeeSupplyMinor: BigInt, pgFeeVatMinor: BigInt },
};

/** One invoice; undefined: there is none. */
export const readInvoice = async (
  db: Db,
  month: string,
  { sellerId, number }: InvoiceKey,
): Promise<TaxInvoice | undefined> => {
  const sql = `${INVOICE} WHERE month = ? AND seller_id = ? AND number = ?`;
  return (await select<TaxInvoice>(db, sql, [month, sellerId, number], reading))[0];
};

/** Invoices of a month by seller and number, read by key. */
export const readInvoices = (
  db: Db,
  month: string,
  sellerId: string | null,
  after: InvoiceKey | undefined,
  rowsMax: number,
): Promise<TaxInvoice[]> =>
  select<TaxInvoice>(
    db,
    `${INVOICE} WHERE month = ? ${sellerId === null ? '' : 'AND seller_id = ?'} ${after === undefined ? '' : 'AND (seller_id > ? OR (seller_id = ? AND number > ?))'}
     ORDER BY seller_id, number LIMIT ?`,
    [
      month,
      ...(sellerId === null ? [] : [sellerId]),
      ...(after === undefined ? [] : [after.sellerId, after.sellerId, after.number]),
      rowsMax,
    ],
    reading,
  );

/** The totals of the invoices of a month. */
export interface InvoicedMonth {
  readonly month: string;
  readonly invoices: number;
  readonly amendments: number;
  readonly supplyMinor: bigint;
  readonly vatMinor: bigint;
}

/** Every month of which there are invoices, the latest first. @param sellerId null: of all sellers */
export const readInvoicedMonths = (db: Db, sellerId: string | null = null): Promise<InvoicedMonth[]> =>
  select<InvoicedMonth>(
    db,
    `SELECT month, COUNT(*) AS invoices, SUM(number > 1) + 0e0 AS amendments, SUM(fee_supply + pg_fee_supply) AS supplyMinor, SUM(fee_vat + pg_fee_vat) AS vatMinor
     FROM tax_invoice ${sellerId === null ? '' : 'WHERE seller_id = ?'} GROUP BY month ORDER BY month DESC`,
    sellerId === null ? [] : [sellerId],
    { supplyMinor: BigInt, vatMinor: BigInt },
  );
