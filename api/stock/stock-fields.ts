/** Units, their stock and its movements in JSON. */
import * as z from 'zod';
import { PRODUCT_STATUSES } from '../../core/catalogue/rules/product.js';
import { readUnit } from '../../core/catalogue/stores/sellable-unit.js';
import { MOVEMENT_KINDS, REASON_MAX, RECEIPT_MAX } from '../../core/stock/rules/stock.js';
import type { MovementRecord } from '../../core/stock/stores/movement.js';
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { externalId, id, idText, moment, text } from '../edge/fields.js';

export const unitParams = z.strictObject({ unitId: idText.meta({ description: 'The unit.', example: 3 }) });

/** The owner of a unit, for the edge. */
export const ownerOfUnit =
  (db: Db) =>
  async ({ params: { unitId } }: { readonly params: { readonly unitId: number } }) => {
    return { sellerId: found(await readUnit(db, unitId), 'UNIT_NOT_FOUND', { unitId }).sellerId };
  };

const count = z.number().int().min(0);

const stockFields = {
  received: z.number().int().min(0).meta({ description: 'available + held + sold.', example: 100 }),
  available: count.meta({ description: 'Can be ordered.', example: 60 }),
  held: count.meta({ description: 'Held for orders that are not paid yet.', example: 3 }),
  sold: count.meta({ description: 'Paid, without what was returned.', example: 37 }),
};

export const unitStockSchema = z
  .object({
    unitId: id,
    sellerId: externalId,
    status: z.enum(['OFFERED', 'RETIRED']).meta({
      description: 'RETIRED: its option was removed, or its product has got options, after it had stock.',
    }),
    productId: id,
    externalId: externalId.meta({ description: 'The id of the product in the settlement feed.', example: 'P000017' }),
    productName: z.string().meta({ example: '소가죽 반지갑' }),
    productStatus: z.enum(PRODUCT_STATUSES).meta({ description: 'The seller sets it: stock does not change it.' }),
    optionId: id.nullable().meta({ description: 'Null: the product has no options and is the unit itself.' }),
    optionName: z.string().nullable().meta({ example: '검정' }),
    sku: externalId.nullable().meta({ example: 'BAG-BLK' }),
    ...stockFields,
  })
  .meta({ id: 'UnitStock' });

const reason = text(REASON_MAX).meta({ description: 'For the journal.', example: '6월 입고' });

export const receiptSchema = z
  .strictObject({ quantity: z.number().int().min(1).max(RECEIPT_MAX).meta({ example: 100 }), reason })
  .meta({ id: 'StockReceipt' });

export const adjustmentSchema = z
  .strictObject({
    by: z
      .number()
      .int()
      .min(-RECEIPT_MAX)
      .max(RECEIPT_MAX)
      .refine((by) => by !== 0, 'must not be 0')
      .meta({ description: 'Added to what is available; below 0: taken away.', example: -2 }),
    reason,
  })
  .meta({ id: 'StockAdjustment' });

export const movementSchema = z
  .object({
    movementId: id,
    kind: z.enum(MOVEMENT_KINDS).meta({
      description:
        'RECEIVE: goods came in. ADJUST: counted. RESERVE: held for a checkout. COMMIT: paid. RELEASE: cancelled or expired. RETURN: came back after the sale.',
    }),
    availableChange: z.number().int(),
    heldChange: z.number().int(),
    soldChange: z.number().int(),
    checkoutId: id
      .nullable()
      .meta({ description: 'The checkout for which the units were held; null: goods came in or were counted.' }),
    reason: z.string().meta({ description: 'May be empty where a checkout moved the stock.' }),
    requestedBy: z.string().nullable().meta({
      description: 'Who received or counted the goods; null where a checkout moved the stock.',
      example: 'account 7',
    }),
    createdAt: moment,
  })
  .meta({ id: 'StockMovement' });

/** A movement in an answer. The order names the buyer; not everybody who may see the stock may see the buyer. */
export const movementBody = ({
  unitId: _,
  holderId,
  requestedBy,
  ...movement
}: MovementRecord): z.input<typeof movementSchema> => ({
  ...movement,
  checkoutId: holderId,
  requestedBy: holderId === null ? requestedBy : null,
});
