/** Products, options, categories and reviews in JSON. */
import * as z from 'zod';
import { CATEGORY_NAME_MAX } from '../../core/catalogue/rules/category-tree.js';
import {
  DESCRIPTION_MAX,
  NAME_MAX,
  OPTIONS_MAX,
  PRODUCT_STATUSES,
  REVIEW_MAX,
  STARS_MAX,
  STARS_MIN,
} from '../../core/catalogue/rules/product.js';
import { amountMinor, externalId, id, idText, moment, namedCurrency, text } from '../edge/fields.js';

/** Text of several lines: the only control characters are line ends and tabs. */
const prose = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/(?![\n\r\t])\p{Cc}/u.test(value), 'must not contain control characters');

const price = amountMinor.min(1).meta({ description: 'In minor units of the currency.', example: 39_000 });
const salePrice = price
  .nullable()
  .meta({ description: 'What it costs while it is on sale, below the price; null: not on sale.', example: 29_000 });
const status = z.enum(PRODUCT_STATUSES).meta({
  description: 'Only the seller and staff see DRAFT and HIDDEN products; SOLD_OUT is shown and cannot be bought.',
});
const version = z.number().int().min(1).meta({ description: 'Changes with every edit; the ETag names it.' });

const optionContent = {
  sku: externalId.meta({ description: 'Unique among all products of the seller.', example: 'BAG-BLK' }),
  name: text(NAME_MAX).meta({ example: '검정' }),
  priceDifferenceMinor: amountMinor.meta({
    description: 'Added to the price of the product, in minor units; may be below 0.',
    example: 2_000,
  }),
};

export const newOptionSchema = z.strictObject(optionContent).meta({ id: 'NewOption' });
export const optionEditSchema = z
  .strictObject({
    sku: optionContent.sku.optional(),
    name: optionContent.name.optional(),
    priceDifferenceMinor: optionContent.priceDifferenceMinor.optional(),
  })
  .meta({ id: 'OptionEdit' });
const unitId = id.meta({ description: 'The id that carts, stock and orders use.', example: 1_204 });
const outOfStock = z.boolean().meta({
  description:
    'None can be ordered now. GET /v1/stock says how many there are. The seller sets the status SOLD_OUT; stock does not change it.',
});
const optionSchema = z.object({ optionId: id, unitId, outOfStock, ...optionContent }).meta({ id: 'Option' });

const summaryFields = {
  productId: id,
  sellerId: externalId,
  externalId: externalId.meta({ description: 'The id of the product in the settlement feed.', example: 'P000017' }),
  categoryId: id,
  name: text(NAME_MAX).meta({ example: '소가죽 반지갑' }),
  status,
  currency: namedCurrency,
  priceMinor: price,
  salePriceMinor: salePrice,
  salesCount: z.number().int().min(0).meta({ description: 'Units sold.' }),
  reviewCount: z.number().int().min(0),
  averageStars: z.number().min(STARS_MIN).max(STARS_MAX).nullable().meta({
    description: 'One decimal; null without reviews.',
    example: 4.3,
  }),
  version,
  createdAt: moment,
};

/** A product as lists show it. */
export const productSummarySchema = z.object(summaryFields).meta({ id: 'ProductSummary' });

export const productSchema = z
  .object({
    ...summaryFields,
    description: z.string(),
    categoryPath: z
      .array(z.object({ categoryId: id, name: z.string() }))
      .readonly()
      .meta({ description: 'The category and those above it, the root first.' }),
    unitId: unitId.nullable().meta({
      description:
        'The id that carts, stock and orders use; null if the product has options, which have their own ids.',
      example: 1_204,
    }),
    outOfStock: outOfStock.nullable(),
    options: z.array(optionSchema).readonly(),
    updatedAt: moment,
  })
  .meta({ id: 'Product' });

export const newProductSchema = z
  .strictObject({
    sellerId: externalId.optional().meta({ description: "Staff name the seller; a seller's own is implied." }),
    externalId: summaryFields.externalId,
    categoryId: id,
    name: summaryFields.name,
    description: prose(DESCRIPTION_MAX).default(''),
    status: z.enum(['DRAFT', 'ACTIVE']).default('DRAFT'),
    currency: namedCurrency,
    priceMinor: price,
    salePriceMinor: salePrice.default(null),
    options: z.array(newOptionSchema).max(OPTIONS_MAX).default([]),
  })
  .meta({ id: 'NewProduct' });

export const productEditSchema = z
  .strictObject({
    categoryId: id.optional(),
    name: summaryFields.name.optional(),
    description: prose(DESCRIPTION_MAX).optional(),
    status: status.optional(),
    priceMinor: price.optional(),
    salePriceMinor: salePrice.optional(),
  })
  .meta({ id: 'ProductEdit' });

export const categorySchema = z
  .object({
    categoryId: id,
    parentId: id.nullable().meta({ description: 'Null: a root.' }),
    level: z.number().int().min(1).max(3),
    name: z.string().meta({ example: '지갑' }),
    version,
  })
  .meta({ id: 'Category' });

export const categoryName = text(CATEGORY_NAME_MAX).meta({ example: '지갑' });

const stars = z.number().int().min(STARS_MIN).max(STARS_MAX);
const reviewText = prose(REVIEW_MAX).meta({ example: '튼튼하고 색이 예뻐요.' });

export const newReviewSchema = z.strictObject({ stars, text: reviewText.default('') }).meta({ id: 'NewReview' });
export const reviewEditSchema = z
  .strictObject({ stars: stars.optional(), text: reviewText.optional() })
  .meta({ id: 'ReviewEdit' });
export const reviewSchema = z
  .object({ reviewId: id, productId: id, stars, text: z.string(), version, createdAt: moment, updatedAt: moment })
  .meta({ id: 'Review' });

export const productParams = z.strictObject({ productId: idText.meta({ description: 'The product.' }) });
export const optionParams = z.strictObject({
  productId: idText.meta({ description: 'The product.' }),
  optionId: idText.meta({ description: 'The option of the product.' }),
});
export const categoryParams = z.strictObject({ categoryId: idText.meta({ description: 'The category.' }) });
export const reviewParams = z.strictObject({ reviewId: idText.meta({ description: 'The review.' }) });
