/** A row of a file of refunds: section 2 of docs/settlement-rules.md, field by field. */
import { REASON_MAX, type RefundEntry } from '../rules/entry.js';
import { type DateReader, FieldReader, isReadableId } from './field-reader.js';
import { conflict, type FieldFault } from './row-faults.js';

/** The entry of a row (values in the order of `REFUND_COLUMNS`), or every fault of it. */
export function readRefundRow(
  values: readonly string[],
  dateOf: DateReader,
): { entry: RefundEntry } | { faults: FieldFault[] } {
  const [refundId = '', orderId = '', lineId = '', quantityText = '', refunded = '', reason = ''] = values;
  const row = new FieldReader();
  row.id('refund_id', refundId);
  row.id('order_id', orderId);
  row.id('line_id', lineId);
  const quantity = row.quantity('quantity', quantityText);
  const occurredOn = row.date('refunded_on', refunded, dateOf);
  if (reason.length > REASON_MAX && [...reason].length > REASON_MAX) row.fault('reason', 'REASON_INVALID', reason);
  if (row.faults.length > 0) return { faults: row.faults };
  return { entry: { refundId, orderId, lineId, quantity, occurredOn, reason } };
}

/** The key of a row, from its values; undefined when it cannot be read. */
export const refundKeyOf = ([refundId = '']: readonly string[]): string | undefined =>
  isReadableId(refundId) ? refundId : undefined;

const VALUES: readonly (readonly [column: string, field: keyof RefundEntry])[] = [
  ['order_id', 'orderId'],
  ['line_id', 'lineId'],
  ['quantity', 'quantity'],
  ['refunded_on', 'occurredOn'],
  ['reason', 'reason'],
];

/** A conflict in the first column in which the row and the stored entry differ, naming both values; undefined when they are equal. */
export function refundConflict(row: RefundEntry, stored: RefundEntry): FieldFault | undefined {
  const differs = VALUES.find(([, field]) => row[field] !== stored[field]);
  if (differs === undefined) return undefined;
  const [column, field] = differs;
  return conflict(column, String(row[field]), String(stored[field]));
}
