/**
 * Sales as the text of SQL statements, without a database: the thread that reads a sale also writes its literals, and their text is
 * kept as bytes until an INSERT or LOAD DATA takes it.
 *
 * A record is a sale's part of a tuple of VALUES: `'O1','1','S1','P1','shoes',3,1000,…,'KRW','2026-03-01','2026-03-05'`.
 */
import type { LineKey, SaleEntry } from '../rules/entry.js';
import { SHOP_ID_PREFIX } from '../rules/shop-ids.js';

/** The columns of a record, in its order; `settled_on` stands before them and `import_id` behind. */
export const RECORD_COLUMNS = `order_id, line_id, seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount,
  platform_discount, shipping_fee, currency, ordered_on, occurred_on`;

/** The longest record: four ids of 64 and a category of 64 characters, each escaped or of four bytes, six integers of at most 16, dates, commas. */
export const RECORD_BYTES_MAX = 1_000;

/** A record ends with its `occurred_on` in apostrophes. */
const DATE_BYTES = 10;

const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ZERO = 0x30;

/** Writes the record of a sale; returns where it ends. Byte by byte: strings cost three times as much. */
export function writeRecord(bytes: Buffer, from: number, sale: SaleEntry): number {
  let at = writeText(bytes, from, sale.orderId);
  at = writeText(bytes, at, sale.lineId);
  at = writeText(bytes, at, sale.sellerId);
  at = writeText(bytes, at, sale.productId);
  at = writeText(bytes, at, sale.category);
  at = writeInteger(bytes, at, sale.quantity);
  at = writeInteger(bytes, at, sale.unitPrice);
  at = writeInteger(bytes, at, sale.itemAmount);
  at = writeInteger(bytes, at, sale.sellerDiscount);
  at = writeInteger(bytes, at, sale.platformDiscount);
  at = writeInteger(bytes, at, sale.shippingFee);
  at = writeText(bytes, at, sale.currency);
  at = writeText(bytes, at, sale.orderedOn);
  return writeText(bytes, at, sale.occurredOn) - 1; // without the last comma
}

/** A string literal and a comma. */
function writeText(bytes: Buffer, from: number, text: string): number {
  let at = from;
  bytes[at++] = APOSTROPHE;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) {
      at += bytes.write(text.slice(index).replace(/['\\]/g, '\\$&'), at, 'utf8');
      break;
    }
    if (code === APOSTROPHE || code === BACKSLASH) bytes[at++] = BACKSLASH;
    bytes[at++] = code;
  }
  bytes[at++] = APOSTROPHE;
  bytes[at++] = COMMA;
  return at;
}

/** An integer that is not negative, and a comma. */
function writeInteger(bytes: Buffer, from: number, value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  let rest = value;
  for (let at = from + digits - 1; at >= from; at -= 1) {
    const tenth = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
  bytes[from + digits] = COMMA;
  return from + digits + 1;
}

const LITERAL = /'((?:[^'\\]|\\[\s\S])*)'|\d+/g;

/** The sale of a record. */
export function readRecord(bytes: Buffer, from: number, to: number): SaleEntry {
  const cells = [...bytes.toString('utf8', from, to).matchAll(LITERAL)].map(
    ([literal, text]) => text?.replace(/\\([\s\S])/g, '$1') ?? literal,
  );
  const word = (index: number): string => cells[index] ?? '';
  return {
    orderId: word(0),
    lineId: word(1),
    sellerId: word(2),
    productId: word(3),
    category: word(4),
    quantity: Number(word(5)),
    unitPrice: Number(word(6)),
    itemAmount: Number(word(7)),
    sellerDiscount: Number(word(8)),
    platformDiscount: Number(word(9)),
    shippingFee: Number(word(10)),
    currency: word(11),
    orderedOn: word(12),
    occurredOn: word(13),
  };
}

/** The date that a record occurred on. */
export const recordDate = (bytes: Buffer, to: number): string => bytes.toString('latin1', to - 1 - DATE_BYTES, to - 1);

const SHOP_ORDER = Buffer.from(`'${SHOP_ID_PREFIX}`);

/** Whether the order of the record that begins here has an id of the shop. */
export const isRecordOfShop = (bytes: Buffer, from: number): boolean =>
  bytes[from + 1] === SHOP_ORDER[1] && bytes.subarray(from, from + SHOP_ORDER.length).equals(SHOP_ORDER);

/** A record among others, and the date its sale is settled on. */
export interface SaleRecord {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly settledOn: string;
}

/** The records with their dates, the dates first: as the tuples of VALUES, `('2026-03-05',…,7),`, or as a data file, `'2026-03-05',…` a line. */
export function rowsOf(
  records: readonly SaleRecord[],
  { head, tail }: Readonly<Record<'head' | 'tail', string>>,
): Buffer {
  let length = 0;
  for (const { from, to } of records) length += head.length + DATE_BYTES + 3 + to - from + tail.length;
  const rows = Buffer.allocUnsafeSlow(length);
  const end = Buffer.from(tail);
  let [date, begin] = ['', Buffer.alloc(0)];
  let at = 0;
  for (const { bytes, from, to, settledOn } of records) {
    if (settledOn !== date) [date, begin] = [settledOn, Buffer.from(`${head}'${settledOn}',`)];
    for (let index = 0; index < begin.length; index += 1) rows[at++] = begin[index] as number; // too few for `copy`
    at += bytes.copy(rows, at, from, to);
    for (let index = 0; index < end.length; index += 1) rows[at++] = end[index] as number;
  }
  return rows;
}

/**
 * MariaDB turns a longer list into a join with a temporary table (`in_predicate_conversion_threshold`, 1,000), and a range
 * over both parts of the key is only worth its memory while the parts do not multiply.
 */
export const LOOK_UP_MAX = 900;
const RANGES_MAX = 4_000;

/** The lists of literals by which sales are looked up; without `lines` all lines of the orders are found. */
export interface SaleLookUp {
  readonly orders: string;
  readonly lines: string | null;
}

/** Of at most `LOOK_UP_MAX` keys. */
export function saleLookUp(keys: readonly LineKey[]): SaleLookUp {
  const orders: string[] = [];
  const lines = new Set<string>();
  for (const { orderId, lineId } of keys) {
    if (orderId !== orders.at(-1)) orders.push(orderId); // most files have the lines of an order together
    lines.add(lineId);
  }
  return { orders: listOf(orders), lines: orders.length * lines.size <= RANGES_MAX ? listOf([...lines]) : null };
}

function listOf(ids: readonly string[]): string {
  const special = ids.some((id) => id.includes("'") || id.includes('\\'));
  return `'${(special ? ids.map((id) => id.replace(/['\\]/g, '\\$&')) : ids).join("','")}'`;
}
