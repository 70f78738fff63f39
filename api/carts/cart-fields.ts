/** A cart in JSON. */
import * as z from 'zod';
import { QUANTITY_MAX } from '../../core/orders/rules/price-basket.js';
import type { CartTotal, ShownCart, ShownItem } from '../../core/orders/show-cart.js';
import { amountMinor, currency, externalId, id, idText, moment } from '../edge/fields.js';

export const quantity = z.number().int().min(1).max(QUANTITY_MAX).meta({ example: 2 });

const cartUnitSchema = z
  .object({
    productId: id,
    name: z.string(),
    optionName: z.string().nullable(),
    sku: z.string().nullable(),
    sellerId: externalId,
    currency,
    unitPriceMinor: amountMinor.meta({ description: 'The list price with the option.' }),
    salePriceMinor: amountMinor
      .nullable()
      .meta({ description: 'What it costs while it is on sale; null: not on sale.' }),
  })
  .meta({ id: 'CartUnit' });

const cartItemSchema = z
  .object({
    unitId: id,
    quantity,
    addedAt: moment,
    forSale: z.boolean().meta({ description: 'False: it cannot be bought now, and a checkout with it is refused.' }),
    available: z.number().int().min(0).meta({ description: 'How many could be ordered now.' }),
    unit: cartUnitSchema.nullable().meta({ description: 'Null: the unit no longer exists.' }),
  })
  .meta({ id: 'CartItem' });

const cartTotalSchema = z
  .object({
    currency,
    itemAmountMinor: amountMinor,
    sellerDiscountMinor: amountMinor,
    platformDiscountMinor: amountMinor,
    shippingFeeMinor: amountMinor,
    amountMinor: amountMinor.meta({ description: 'The amount that would have to be paid.' }),
  })
  .meta({ id: 'CartTotal' });

export const cartSchema = z
  .object({
    items: z.array(cartItemSchema),
    totals: z
      .array(cartTotalSchema)
      .meta({ description: 'The cost of a checkout of everything that is for sale, for each currency.' }),
  })
  .meta({ id: 'Cart' });

const itemBody = ({ unitId, quantity: count, addedAt, forSale, available, unit }: ShownItem) => ({
  unitId,
  quantity: count,
  addedAt,
  forSale,
  available,
  unit: unit && {
    productId: unit.productId,
    name: unit.name,
    optionName: unit.optionName,
    sku: unit.sku,
    sellerId: unit.sellerId,
    currency: unit.currency,
    unitPriceMinor: unit.listPriceMinor,
    salePriceMinor: unit.salePriceMinor,
  },
});

const totalBody = (total: CartTotal) => ({
  currency: total.currency,
  itemAmountMinor: total.itemAmount,
  sellerDiscountMinor: total.sellerDiscount,
  platformDiscountMinor: total.platformDiscount,
  shippingFeeMinor: total.shippingFee,
  amountMinor: total.amountMinor,
});

export const cartBody = ({ items, totals }: ShownCart): z.input<typeof cartSchema> => ({
  items: items.map(itemBody),
  totals: totals.map(totalBody),
});

export const cartItemParams = z.strictObject({ unitId: idText.meta({ description: 'The unit.', example: 2 }) });
