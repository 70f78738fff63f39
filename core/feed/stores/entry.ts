/**
 * The settlement feed for its writers: stored entries and new ones. Entries are never updated.
 *
 * Many rows go into one statement of hand-built text: writing out a million rows costs Node less than
 * a second (CPU profile of `magam seed`); the rest of the time is the server's.
 */
import { escape as quote } from 'mysql2';
import { type Cell, change, type Db, select, selectArrays, type Tx } from '../../../infra/database.js';
import { loadRows, type RowWriter } from '../../../infra/stores/row-writer.js';
import { type LineKey, lineKey, type RefundEntry, type SaleEntry } from '../rules/entry.js';
import type { NewRefund } from '../rules/refund.js';
import {
  LOOK_UP_MAX,
  RECORD_BYTES_MAX,
  RECORD_COLUMNS,
  rowsOf,
  type SaleLookUp,
  type SaleRecord,
  saleLookUp,
  writeRecord,
} from './sale-sql.js';

/** A sale to be stored, with the date it is settled on. */
export interface NewSale {
  readonly settledOn: string;
  readonly entry: SaleEntry;
}

/** The writer of a stored entry: an import, or the shop (null). An entry of an unfinished import may still be withdrawn. */
export interface Origin {
  readonly importId: number | null;
  readonly importStatus: string | null;
}

export type StoredSale = SaleEntry & Origin & { readonly entryId: number; readonly settledOn: string };
export type StoredRefund = RefundEntry & Origin;

const plain = /^[\w .:@/+-]*$/;

/** A string literal. Most ids need no escaping; the driver escapes the others. */
const text = (value: string): string => (plain.test(value) ? `'${value}'` : quote(value));

/** Stores sales of an import or of the shop (null). A key that exists is the driver's error 1062, for the caller to translate. */
export async function insertSales(tx: Tx, importId: number | null, sales: readonly NewSale[]): Promise<void> {
  const bytes = Buffer.allocUnsafe(sales.length * RECORD_BYTES_MAX);
  let at = 0;
  const records = sales.map(({ settledOn, entry }): SaleRecord => {
    const from = at;
    at = writeRecord(bytes, from, entry);
    return { bytes, from, to: at, settledOn };
  });
  await insertSaleRecords(tx, importId, records, 'insert');
}

/** The same for sales that are already written as records. */
export async function insertSaleRecords(
  tx: Tx,
  importId: number | null,
  records: readonly SaleRecord[],
  writer: RowWriter,
): Promise<void> {
  if (records.length === 0) return;
  if (writer === 'load' && (await loadSales(tx, importId, records))) return;
  const tuples = rowsOf(records, { head: '(', tail: `,${importId ?? 'NULL'}),` });
  const values = tuples.toString('utf8', 0, tuples.length - 1); // without the last comma
  await tx.raw(`INSERT INTO sale_entry (settled_on, ${RECORD_COLUMNS}, import_id) VALUES ${values}`);
}

/** Loads the sales; false when the server did not take them cleanly. */
function loadSales(tx: Tx, importId: number | null, records: readonly SaleRecord[]): Promise<boolean> {
  const sql = `LOAD DATA LOCAL INFILE 'sales' INTO TABLE sale_entry CHARACTER SET utf8mb4
    FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\\'' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'
    (settled_on, ${RECORD_COLUMNS}) SET import_id = ${importId ?? 'NULL'}`;
  return loadRows(tx, sql, rowsOf(records, { head: '', tail: '\n' }), records.length);
}

const REFUND_COLUMNS = `settled_on, refund_id, original_on, original_id, quantity, prior_quantity, item_amount, seller_discount,
  platform_discount, shipping_fee, currency, occurred_on, reason, import_id`;

/** Stores refunds of an import or of the shop (null). A key that exists is the driver's error 1062, for the caller to translate. */
export async function insertRefunds(tx: Tx, importId: number | null, refunds: readonly NewRefund[]): Promise<void> {
  if (refunds.length === 0) return;
  let values = '';
  for (const r of refunds) {
    const { refundId, quantity, occurredOn, reason } = r.entry;
    const amounts = `${r.itemAmount},${r.sellerDiscount},${r.platformDiscount},${r.shippingFee}`;
    values += `${values === '' ? '' : ','}('${r.settledOn}',${text(refundId)},'${r.originalOn}',${r.originalId},${quantity},${r.priorQuantity},${amounts},'${r.currency}','${occurredOn}',${text(reason)},${importId ?? 'NULL'})`;
  }
  await tx.raw(`INSERT INTO refund_entry (${REFUND_COLUMNS}) VALUES ${values}`);
}

const STORED_SALE = `SELECT s.settled_on, s.entry_id, s.order_id, s.line_id, s.seller_id, s.product_id, s.category, s.quantity,
  s.unit_price, s.item_amount, s.seller_discount, s.platform_discount, s.shipping_fee, s.currency, s.ordered_on, s.occurred_on,
  s.import_id, i.status
  FROM sale_entry s FORCE INDEX (sale_entry_key) LEFT JOIN feed_import i ON i.import_id = s.import_id`;

/** The stored sales of these lines, by `lineKey`. */
export async function findSales(db: Db, keys: readonly LineKey[]): Promise<Map<string, StoredSale>> {
  const found = new Map<string, StoredSale>();
  for (let from = 0; from < keys.length; from += LOOK_UP_MAX) {
    const part = keys.slice(from, from + LOOK_UP_MAX);
    const asked = new Set(part.map(lineKey));
    for (const [key, sale] of await findSalesIn(db, saleLookUp(part))) if (asked.has(key)) found.set(key, sale);
  }
  return found;
}

/** The stored sales of a look-up by `lineKey`; other lines of the same orders may be among them. */
export async function findSalesIn(db: Db, { orders, lines }: SaleLookUp): Promise<Map<string, StoredSale>> {
  const ofLines = lines === null ? '' : ` AND s.line_id IN (${lines})`;
  const rows = await selectArrays(db, `${STORED_SALE} WHERE s.order_id IN (${orders})${ofLines}`);
  return new Map(rows.map(storedSale).map((sale) => [lineKey(sale), sale]));
}

function storedSale(cells: Cell[]): StoredSale {
  const word = (index: number): string => String(cells[index]);
  return {
    settledOn: word(0),
    entryId: Number(cells[1]),
    orderId: word(2),
    lineId: word(3),
    sellerId: word(4),
    productId: word(5),
    category: word(6),
    quantity: Number(cells[7]),
    unitPrice: Number(cells[8]),
    itemAmount: Number(cells[9]),
    sellerDiscount: Number(cells[10]),
    platformDiscount: Number(cells[11]),
    shippingFee: Number(cells[12]),
    currency: word(13),
    orderedOn: word(14),
    occurredOn: word(15),
    ...originOf(cells[16], cells[17]),
  };
}

const originOf = (importId: Cell | undefined, status: Cell | undefined): Origin => ({
  importId: importId === null || importId === undefined ? null : Number(importId),
  importStatus: status === null || status === undefined ? null : String(status),
});

/** The stored refunds that have one of these ids (at most 900), by id. */
export async function findRefunds(db: Db, refundIds: readonly string[]): Promise<Map<string, StoredRefund>> {
  if (refundIds.length === 0) return new Map();
  const rows = await selectArrays(
    db,
    `SELECT r.refund_id, s.order_id, s.line_id, r.quantity, r.occurred_on, r.reason, r.import_id, i.status
     FROM refund_entry r JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
     LEFT JOIN feed_import i ON i.import_id = r.import_id
     WHERE r.refund_id IN (?)`,
    [refundIds],
  );
  const refunds = rows.map(
    (cells): StoredRefund => ({
      refundId: String(cells[0]),
      orderId: String(cells[1]),
      lineId: String(cells[2]),
      quantity: Number(cells[3]),
      occurredOn: String(cells[4]),
      reason: String(cells[5]),
      ...originOf(cells[6], cells[7]),
    }),
  );
  return new Map(refunds.map((refund) => [refund.refundId, refund]));
}

export interface SaleKey {
  readonly settledOn: string;
  readonly entryId: number;
}

/**
 * Locks these sales until the commit, in the order of their keys so that two writers of refunds wait instead of deadlocking.
 * Returns those that exist, by id.
 */
export async function lockSales(tx: Tx, keys: readonly SaleKey[]): Promise<Map<number, StoredSale>> {
  const unique = new Map(keys.map((key) => [key.entryId, key]));
  const ordered = [...unique.values()].sort((a, b) => compare(a.settledOn, b.settledOn) || a.entryId - b.entryId);
  const locked = new Map<number, StoredSale>();
  for (let from = 0; from < ordered.length; ) {
    // One date at a time: a range of the primary key, which both engines read (and lock) in its order.
    const date = ordered[from]?.settledOn ?? '';
    const ids = ordered.filter((key) => key.settledOn === date).map((key) => key.entryId);
    from += ids.length;
    const rows = await selectArrays(
      tx,
      `SELECT s.settled_on, s.entry_id, s.order_id, s.line_id, s.seller_id, s.product_id, s.category, s.quantity, s.unit_price,
         s.item_amount, s.seller_discount, s.platform_discount, s.shipping_fee, s.currency, s.ordered_on, s.occurred_on, s.import_id, NULL
       FROM sale_entry s FORCE INDEX (PRIMARY) WHERE s.settled_on = '${date}' AND s.entry_id IN (${ids.join(',')})
       ORDER BY s.entry_id FOR UPDATE`,
    );
    for (const sale of rows.map(storedSale)) locked.set(sale.entryId, sale);
  }
  return locked;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Units that stored refunds took of a sale, and the imports that those came with. */
export interface RefundedUnits {
  readonly quantity: number;
  readonly importIds: readonly number[];
}

/** The units of each of these sales that are refunded so far; refunds of the import `exceptImportId` are left out. */
export async function refundedUnits(
  db: Db,
  originalIds: readonly number[],
  exceptImportId: number | null = null,
): Promise<Map<number, RefundedUnits>> {
  if (originalIds.length === 0) return new Map();
  const rows = await selectArrays(
    db,
    `SELECT original_id, SUM(quantity), GROUP_CONCAT(DISTINCT import_id) FROM refund_entry
     WHERE original_id IN (${originalIds.join(',')}) AND (import_id IS NULL OR import_id <> ${exceptImportId ?? 0})
     GROUP BY original_id`,
  );
  return new Map(
    rows.map(([id, quantity, imports]) => {
      const importIds = imports === null ? [] : String(imports).split(',').map(Number);
      return [Number(id), { quantity: Number(quantity), importIds }];
    }),
  );
}

/**
 * Deletes the next entries of a date that an import wrote: those within a window of ids that begins with the first entry above
 * `afterId`, so that a batch costs the same wherever it is. Returns the window's end, or null when no entry is left.
 */
export async function deleteImported(
  tx: Tx,
  table: 'sale_entry' | 'refund_entry',
  importId: number,
  date: string,
  afterId: number,
  windowIds: number,
): Promise<number | null> {
  const first = `SELECT MIN(entry_id) AS fromId FROM ${table} WHERE settled_on = ? AND entry_id > ?`;
  const fromId = (await select<{ fromId: number | null }>(tx, first, [date, afterId]))[0]?.fromId ?? null;
  if (fromId === null) return null;
  const toId = fromId + windowIds - 1;
  const sql = `DELETE FROM ${table} WHERE settled_on = ? AND entry_id BETWEEN ? AND ? AND import_id = ?`;
  await change(tx, sql, [date, fromId, toId, importId]);
  return toId;
}

/** How many entries an import has on each date after `shutThrough` (on all when null), by date. */
export async function countOpenEntries(
  db: Db,
  table: 'sale_entry' | 'refund_entry',
  importId: number,
  shutThrough: string | null,
): Promise<Map<string, number>> {
  const after = shutThrough === null ? '' : 'AND settled_on > ?';
  const rows = await select<{ date: string; entries: number }>(
    db,
    `SELECT settled_on AS date, COUNT(*) AS entries FROM ${table} FORCE INDEX (PRIMARY) WHERE import_id = ? ${after}
     GROUP BY settled_on ORDER BY settled_on`,
    shutThrough === null ? [importId] : [importId, shutThrough],
  );
  return new Map(rows.map(({ date, entries }) => [date, Number(entries)]));
}

/**
 * A refund, accepted with another import or with none, that depends on this import: on one of its sales, or on
 * one of its refunds because it came after it for the same sale. Its id, or undefined.
 */
export async function findDependentRefund(
  db: Db,
  importId: number,
  dates: readonly string[],
): Promise<string | undefined> {
  if (dates.length === 0) return undefined;
  const foreign = 'AND (later.import_id IS NULL OR later.import_id <> ?)';
  const ofSales = `SELECT later.refund_id AS refundId FROM sale_entry s JOIN refund_entry later
      ON later.original_on = s.settled_on AND later.original_id = s.entry_id
    WHERE s.settled_on IN (?) AND s.import_id = ? ${foreign} LIMIT 1`;
  const ofRefunds = `SELECT later.refund_id AS refundId FROM refund_entry r JOIN refund_entry later ON later.original_id = r.original_id
    AND later.prior_quantity > r.prior_quantity
    WHERE r.settled_on IN (?) AND r.import_id = ? ${foreign} LIMIT 1`;
  for (const sql of [ofSales, ofRefunds]) {
    const [found] = await select<{ refundId: string }>(db, sql, [dates, importId, importId]);
    if (found !== undefined) return found.refundId;
  }
  return undefined;
}
