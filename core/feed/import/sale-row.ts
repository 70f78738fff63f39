/** A row of a file of order lines: section 2 of docs/settlement-rules.md, field by field. */
import { isCategory } from '../../../kernel/external-id.js';
import { formatAmount, MAX_MINOR } from '../../../kernel/money.js';
import { lineKey, type SaleEntry } from '../rules/entry.js';
import { type DateReader, FieldReader, isReadableId } from './field-reader.js';
import { conflict, type FieldFault } from './row-faults.js';

/** The entry of a row (values in the order of `SALE_COLUMNS`), or every fault of it. */
export function readSaleRow(
  values: readonly string[],
  dateOf: DateReader,
): { entry: SaleEntry } | { faults: FieldFault[] } {
  const [orderId = '', lineId = '', sellerId = '', productId = '', category = '', quantityText = '', ...more] = values;
  const [price = '', shipping = '', sellerOff = '', platformOff = '', currency = '', ordered = '', confirmed = ''] =
    more;
  const row = new FieldReader();
  row.id('order_id', orderId);
  row.id('line_id', lineId);
  row.id('seller_id', sellerId);
  if (productId !== '') row.id('product_id', productId);
  if (!isCategory(category)) row.fault('category', 'CATEGORY_INVALID', category);
  const quantity = row.quantity('quantity', quantityText);
  row.currency('currency', currency);
  const unitPrice = row.present('unit_price', price) ? row.amount('unit_price', price, currency) : Number.NaN;
  const orZero = (column: string, text: string): number => (text === '' ? 0 : row.amount(column, text, currency));
  const shippingFee = orZero('shipping_fee', shipping);
  const sellerDiscount = orZero('seller_discount', sellerOff);
  const platformDiscount = orZero('platform_discount', platformOff);
  const orderedOn = row.date('ordered_on', ordered, dateOf);
  const occurredOn = row.date('confirmed_on', confirmed, dateOf);
  const itemAmount = quantity * unitPrice;
  if (itemAmount > MAX_MINOR) row.fault('unit_price', 'AMOUNT_OUT_OF_RANGE', price);
  else if (sellerDiscount + platformDiscount > itemAmount) {
    if (sellerDiscount > itemAmount) row.fault('seller_discount', 'DISCOUNT_EXCEEDS_AMOUNT', sellerOff);
    else row.fault('platform_discount', 'DISCOUNT_EXCEEDS_AMOUNT', platformOff);
  }
  if (row.faults.length > 0) return { faults: row.faults };
  const entry: SaleEntry = {
    orderId,
    lineId,
    sellerId,
    productId,
    category: category.trim(),
    quantity,
    unitPrice,
    itemAmount,
    sellerDiscount,
    platformDiscount,
    shippingFee,
    currency,
    orderedOn,
    occurredOn,
  };
  return { entry };
}

/** The key of a row by its values; undefined when one of its ids cannot be read. */
export function saleKeyOf([orderId = '', lineId = '']: readonly string[]): string | undefined {
  return isReadableId(orderId) && isReadableId(lineId) ? lineKey({ orderId, lineId }) : undefined;
}

/** The columns by which two entries of the same key can differ. */
const VALUES: readonly (readonly [column: string, field: keyof SaleEntry])[] = [
  ['seller_id', 'sellerId'],
  ['product_id', 'productId'],
  ['category', 'category'],
  ['currency', 'currency'],
  ['quantity', 'quantity'],
  ['unit_price', 'unitPrice'],
  ['shipping_fee', 'shippingFee'],
  ['seller_discount', 'sellerDiscount'],
  ['platform_discount', 'platformDiscount'],
  ['ordered_on', 'orderedOn'],
  ['confirmed_on', 'occurredOn'],
];

const AMOUNTS: ReadonlySet<keyof SaleEntry> = new Set([
  'unitPrice',
  'shippingFee',
  'sellerDiscount',
  'platformDiscount',
]);

/** A conflict in the first column in which the row and the stored entry differ, naming both values; undefined when they are equal. */
export function saleConflict(row: SaleEntry, stored: SaleEntry): FieldFault | undefined {
  const differs = VALUES.find(([, field]) => row[field] !== stored[field]);
  if (differs === undefined) return undefined;
  const [column, field] = differs;
  const shown = (entry: SaleEntry): string =>
    AMOUNTS.has(field) ? formatAmount(Number(entry[field]), entry.currency) : String(entry[field]);
  return conflict(column, shown(row), shown(stored));
}
