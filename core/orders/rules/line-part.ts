/**
 * Parts of order lines. Units that are cancelled before confirmation are cut off the ordered line as a refund is cut off its sale; what is left
 * becomes the sale of the settlement feed, and returns are cut off that. So cancelled + confirmed = ordered, and the returns of a sale add up to it.
 */

import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { SaleInput } from '../../feed/rules/entry.js';
import { type ReversedAmounts, reversedAmounts } from '../../feed/rules/reversed-amounts.js';

/** A line as it was ordered, and how many units have left it since. */
export interface OrderedLine extends SaleInput {
  readonly lineNumber: number;
  readonly cancelledQuantity: number;
  readonly returnedQuantity: number;
}

/** What the buyer pays for these amounts. */
export const paidBy = (amounts: ReversedAmounts): number =>
  amounts.itemAmount - amounts.sellerDiscount - amounts.platformDiscount + amounts.shippingFee;

const openQuantity = (line: OrderedLine): number => line.quantity - line.cancelledQuantity - line.returnedQuantity;

/** The rest of a line after its cancellations, which is (or will be) confirmed. Quantity 0: nothing is left. */
export function remainingSale(line: OrderedLine): SaleInput {
  const { quantity, cancelledQuantity } = line;
  const gone = reversedAmounts(line, 0, cancelledQuantity);
  return {
    quantity: quantity - cancelledQuantity,
    itemAmount: line.itemAmount - gone.itemAmount,
    sellerDiscount: line.sellerDiscount - gone.sellerDiscount,
    platformDiscount: line.platformDiscount - gone.platformDiscount,
    shippingFee: line.shippingFee - gone.shippingFee,
  };
}

export interface LinePart extends ReversedAmounts {
  readonly lineNumber: number;
  readonly quantity: number;
}

/** Units of a line that are to go. */
export interface WantedPart {
  readonly lineNumber: number;
  readonly quantity: number;
}

/**
 * Cuts units off lines. Without `wanted` everything that is open goes. Refuses with ORDER_LINE_NOT_FOUND or QUANTITY_EXCEEDS_ORDER; a line may be named once.
 */
export function cutParts(
  lines: readonly OrderedLine[],
  kind: 'CANCEL' | 'RETURN',
  wanted: readonly WantedPart[] | null,
): LinePart[] | Refusal {
  const all = lines.map((line) => ({ lineNumber: line.lineNumber, quantity: openQuantity(line) }));
  const parts: LinePart[] = [];
  for (const { lineNumber, quantity } of wanted ?? all.filter(({ quantity }) => quantity > 0)) {
    const line = lines.find((candidate) => candidate.lineNumber === lineNumber);
    if (line === undefined) return refuse('ORDER_LINE_NOT_FOUND', { lineNumber });
    const left = parts.some((part) => part.lineNumber === lineNumber) ? 0 : openQuantity(line);
    if (quantity > left) return refuse('QUANTITY_EXCEEDS_ORDER', { lineNumber, asked: quantity, left });
    const cut =
      kind === 'CANCEL'
        ? reversedAmounts(line, line.cancelledQuantity, quantity)
        : reversedAmounts(remainingSale(line), line.returnedQuantity, quantity);
    parts.push({ lineNumber, quantity, ...cut });
  }
  return parts;
}

/** Whether nothing is left of the order without these parts. */
export const nothingLeft = (lines: readonly OrderedLine[], parts: readonly WantedPart[]): boolean =>
  lines.reduce((sum, line) => sum + openQuantity(line), 0) === parts.reduce((sum, part) => sum + part.quantity, 0);

/** What the buyer gets back, or need not pay, for these parts. */
export const paidByAll = (parts: readonly LinePart[]): number => parts.reduce((sum, part) => sum + paidBy(part), 0);
