/** Checkouts, orders and refunds in JSON. */
import * as z from 'zod';
import { openReceiver, type Receiver } from '../../core/orders/receiver.js';
import { CAUSES, ORDER_STATUSES, ORDER_STEPS } from '../../core/orders/rules/order-state.js';
import { type Amounts, LINES_MAX, QUANTITY_MAX } from '../../core/orders/rules/price-basket.js';
import type { OrderRecord } from '../../core/orders/stores/order.js';
import type { OrderEvent } from '../../core/orders/stores/order-event.js';
import type { OrderLineRecord, OrderPage } from '../../core/orders/stores/order-line.js';
import type { ListedOrder } from '../../core/orders/stores/order-list.js';
import type { OrderRefundRecord } from '../../core/orders/stores/order-refund.js';
import { amountMinor, businessDate, currency, externalId, id, idText, moment, note, text } from '../edge/fields.js';

export const quantity = z.number().int().min(1).max(QUANTITY_MAX).meta({ example: 2 });
const lineNumber = z.number().int().min(1).max(LINES_MAX);
const version = z.number().int().min(1).meta({ description: 'Changes with every step; the ETag names it.' });
/** The part of an order that its settlement is computed from. */
const partFields = {
  itemAmountMinor: amountMinor.meta({ description: 'Quantity × list price.' }),
  sellerDiscountMinor: amountMinor.meta({ description: 'Paid for by the seller: the sale price.' }),
  platformDiscountMinor: amountMinor.meta({ description: 'Paid for by the platform: the promotion.' }),
  shippingFeeMinor: amountMinor,
};
export const amountFields = { ...partFields, amountMinor: amountMinor.meta({ description: 'What the buyer pays.' }) };

const partBody = (part: Omit<Amounts, 'amountMinor'>) => ({
  itemAmountMinor: part.itemAmount,
  sellerDiscountMinor: part.sellerDiscount,
  platformDiscountMinor: part.platformDiscount,
  shippingFeeMinor: part.shippingFee,
});
export const amountsBody = (amounts: Amounts) => ({ ...partBody(amounts), amountMinor: amounts.amountMinor });

export const receiverSchema = z
  .strictObject({
    name: text(50).meta({ example: '김하늘' }),
    phone: z
      .string()
      .regex(/^\+?[0-9][0-9 -]{5,22}[0-9]$/, 'must be a telephone number of digits, spaces and hyphens')
      .meta({ example: '010-1234-5678' }),
    postalCode: text(16).meta({ example: '04524' }),
    address: text(300).meta({ example: '서울특별시 중구 세종대로 110, 101호' }),
    note: note(200).default('').meta({ description: 'For whoever delivers.' }),
  })
  .meta({ id: 'Receiver', description: 'Who gets the goods. Encrypted at rest.' });
const shownReceiverSchema = z
  .object({ name: z.string(), phone: z.string(), postalCode: z.string(), address: z.string(), note: z.string() })
  .meta({ id: 'ShownReceiver' });

const status = z.enum(ORDER_STATUSES);

const orderFields = {
  orderId: id,
  checkoutId: id,
  buyerId: id.meta({ description: "The buyer's account." }),
  sellerId: externalId,
  status,
  currency,
  ...amountFields,
  goneMinor: amountMinor.meta({
    description:
      'The amount that the buyer got back, or did not have to pay, for units that were cancelled or returned.',
  }),
  returningMinor: amountMinor.meta({
    description: 'The part of it that the payment provider has not given back yet.',
  }),
  orderedOn: businessDate,
  carrier: z.string().nullable(),
  trackingNumber: z.string().nullable(),
  version,
  createdAt: moment,
  updatedAt: moment,
  deliveredAt: moment.nullable(),
};

/** An order as lists show it. */
export const orderSummarySchema = z
  .object({
    ...orderFields,
    firstLines: z
      .array(z.object({ lineNumber, productName: z.string(), optionName: z.string().nullable(), quantity }))
      .meta({ description: 'At most three.' }),
  })
  .meta({ id: 'OrderSummary' });

const count = z.number().int().min(0);

const orderLineSchema = z
  .object({
    lineNumber,
    unitId: id,
    productId: id,
    productExternalId: externalId,
    productName: z.string(),
    optionName: z.string().nullable(),
    sku: z.string().nullable(),
    category: z.string().meta({ description: 'The top category, as fee policies name it.' }),
    quantity,
    unitPriceMinor: amountMinor,
    ...partFields,
    cancelledQuantity: count,
    returnedQuantity: count,
  })
  .meta({ id: 'OrderLine' });

const orderEventSchema = z
  .object({
    step: z.enum(ORDER_STEPS),
    fromStatus: status.nullable(),
    toStatus: status,
    causedBy: z.enum(CAUSES),
    reason: z.string(),
    createdAt: moment,
  })
  .meta({ id: 'OrderEvent' });

export const orderSchema = z
  .object({
    ...orderFields,
    receiver: shownReceiverSchema.nullable().meta({
      description:
        'Null when it was encrypted under a key that the server has neither as its present nor as a former key.',
    }),
    lines: z.array(orderLineSchema),
    history: z.array(orderEventSchema).meta({ description: 'Oldest first; of a longer history the newest 200.' }),
  })
  .meta({ id: 'Order' });

/** The answer to a step of an order. It is kept under the call's key, so it leaves out the receiver, who is encrypted at rest. */
export const steppedOrderSchema = orderSchema.omit({ receiver: true }).meta({ id: 'SteppedOrder' });

const orderBody = (order: OrderRecord) => ({
  orderId: order.orderId,
  checkoutId: order.checkoutId,
  buyerId: order.buyerId,
  sellerId: order.sellerId,
  status: order.status,
  currency: order.currency,
  ...amountsBody(order),
  goneMinor: order.goneMinor,
  returningMinor: order.returningMinor,
  orderedOn: order.orderedOn,
  carrier: order.carrier,
  trackingNumber: order.trackingNumber,
  version: order.version,
  createdAt: order.createdAt,
  updatedAt: order.updatedAt,
  deliveredAt: order.deliveredAt,
});

export const orderSummaryBody = (order: ListedOrder): z.input<typeof orderSummarySchema> => ({
  ...orderBody(order),
  firstLines: [...order.firstLines],
});

const lineBody = (line: OrderLineRecord): z.input<typeof orderLineSchema> => ({
  lineNumber: line.lineNumber,
  unitId: line.unitId,
  productId: line.productId,
  productExternalId: line.productExternalId,
  productName: line.productName,
  optionName: line.optionName,
  sku: line.sku,
  category: line.category,
  quantity: line.quantity,
  unitPriceMinor: line.unitPrice,
  ...partBody(line),
  cancelledQuantity: line.cancelledQuantity,
  returnedQuantity: line.returnedQuantity,
});

const eventBody = ({ step, fromStatus, toStatus, causedBy, reason, createdAt }: OrderEvent) => ({
  step,
  fromStatus,
  toStatus,
  causedBy,
  reason,
  createdAt,
});

export const steppedOrderBody = (
  page: OrderPage,
  events: readonly OrderEvent[],
): z.input<typeof steppedOrderSchema> => ({
  ...orderBody(page),
  lines: page.lines.map(lineBody),
  history: events.map(eventBody),
});

export const orderPageBody = (
  page: OrderPage,
  events: readonly OrderEvent[],
  encryptionKeys: readonly Buffer[],
): z.input<typeof orderSchema> => ({ ...steppedOrderBody(page, events), receiver: receiverOf(page, encryptionKeys) });

const receiverOf = (
  { reference, receiver: sealed, receiverKeyId: keyId }: OrderPage,
  keys: readonly Buffer[],
): Receiver | null => openReceiver(keys, reference, { sealed, keyId });

export const orderParams = z.strictObject({ orderId: idText.meta({ description: 'The order.' }) });
export const checkoutParams = z.strictObject({ checkoutId: idText.meta({ description: 'The checkout.' }) });
export const statusQuery = status.optional().meta({ description: 'Only orders with this status.' });

/** Whether no number is repeated. */
export const once = (numbers: readonly number[]): boolean => new Set(numbers).size === numbers.length;

/** Units to be taken out of an order; without lines, everything that is left. */
export const partsSchema = {
  lines: z
    .array(z.strictObject({ lineNumber, quantity }))
    .min(1)
    .max(LINES_MAX)
    .refine((lines) => once(lines.map((line) => line.lineNumber)), 'must name each line once')
    .optional()
    .meta({ description: 'Units of single lines; without it, everything that is left.' }),
  version: version.optional().meta({
    description:
      'Required with lines: the version of the order that was seen, so that the same part is not cancelled twice.',
  }),
  reason: note(255).default(''),
};

const refundLineSchema = z.object({ lineNumber, quantity, ...partFields }).meta({ id: 'OrderRefundLine' });
export const orderRefundSchema = z
  .object({
    refundId: id,
    kind: z.enum(['CANCEL', 'RETURN']),
    paid: z.boolean().meta({ description: 'The order was paid, so the amount goes back to the buyer.' }),
    amountMinor: amountMinor.meta({ description: 'What the units had cost the buyer.' }),
    moneyPending: z.boolean().meta({ description: 'The payment provider has not given the amount back yet.' }),
    reason: z.string(),
    createdAt: moment,
    lines: z.array(refundLineSchema),
  })
  .meta({ id: 'OrderRefund' });

export const refundBody = (refund: OrderRefundRecord): z.input<typeof orderRefundSchema> => ({
  refundId: refund.refundId,
  kind: refund.kind,
  paid: refund.paid,
  amountMinor: refund.amountMinor,
  moneyPending: refund.moneyPending,
  reason: refund.reason,
  createdAt: refund.createdAt,
  lines: refund.parts.map((part) => ({ lineNumber: part.lineNumber, quantity: part.quantity, ...partBody(part) })),
});
