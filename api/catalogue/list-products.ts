/** Lists of products for everybody: filters, orders, pages by key, cached. */
import * as z from 'zod';
import { SEARCH_TEXT_MAX, textQuery } from '../../core/catalogue/rules/search-terms.js';
import { readCategory } from '../../core/catalogue/stores/category.js';
import {
  findProducts,
  PRODUCT_ORDERS,
  type ProductSearch,
  sortKey,
} from '../../core/catalogue/stores/product-search.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { pageOf, pageQuery, readCursor, readPage } from '../edge/cursor.js';
import { externalId, idText, knownCurrency } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { cachedReply } from './cached-reply.js';
import { productSummarySchema } from './product-fields.js';

/** Prices are compared within one currency; the default is the currency of most products. */
const CURRENCY = 'KRW';
const PAGE_ROWS = 40;

const amountText = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number of minor units')
  .transform(Number)
  .meta({ type: 'integer', minimum: 0 });

const querySchema = z
  .strictObject({
    limit: pageQuery.limit.unwrap().default(PAGE_ROWS).meta({
      description: 'Rows of a page.',
      type: 'integer',
      minimum: 1,
      maximum: 200,
      default: PAGE_ROWS,
    }),
    cursor: pageQuery.cursor,
    sort: z.enum(PRODUCT_ORDERS).default('newest').meta({
      description: 'Sorting by price uses the price that is paid, which is the sale price if there is one.',
    }),
    categoryId: idText.optional().meta({ description: 'A category and all below it.' }),
    sellerId: externalId.optional().meta({ description: 'Only products of this seller.' }),
    onSale: z
      .literal('true', 'must be true; leave it out for all products')
      .optional()
      .meta({ description: 'Only those with a sale price.' }),
    text: z
      .string()
      .max(SEARCH_TEXT_MAX)
      .refine((value) => textQuery(value) !== undefined, 'must have a letter or a digit')
      .optional()
      .meta({
        description:
          'Words that are all in the name, in any order and at any place. A single syllable, or one or two letters, must be at the beginning of a word.',
        example: '가죽 지갑',
      }),
    priceFrom: amountText.optional().meta({ description: 'Minor units; the price that is paid.' }),
    priceTo: amountText.optional().meta({ description: 'Minor units; the price that is paid.' }),
    currency: knownCurrency.optional().meta({
      description: `Only products in this currency. Prices are compared within one currency; a list by price has ${CURRENCY} by default.`,
    }),
  })
  .refine(({ priceFrom, priceTo }) => priceFrom === undefined || priceTo === undefined || priceFrom <= priceTo, {
    path: ['priceTo'],
    message: 'must not be below priceFrom',
  });

const keySchema = z.tuple([z.int().min(0), z.int().min(1)]);

export const listProducts = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/products',
    operationId: 'listProducts',
    tag: 'Catalogue',
    summary: 'List products',
    description: 'Products that are for sale or sold out. Answers carry an ETag.',
    permission: 'catalogue.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of products.', schema: pageOf(productSummarySchema) },
    refusals: ['CATEGORY_NOT_FOUND', 'CURSOR_INVALID'],
    handle: async ({ query: asked, request }) => {
      const list = `products/${asked.sort}`;
      const byPrice = asked.sort.startsWith('price') || asked.priceFrom !== undefined || asked.priceTo !== undefined;
      const search: ProductSearch = {
        order: asked.sort,
        categoryId: asked.categoryId,
        sellerId: asked.sellerId,
        onSale: asked.onSale === undefined ? undefined : true,
        text: asked.text === undefined ? undefined : textQuery(asked.text),
        currency: asked.currency ?? (byPrice ? CURRENCY : undefined),
        priceFrom: asked.priceFrom,
        priceTo: asked.priceTo,
        after: readCursor(asked.cursor, list, keySchema),
      };
      const cached = await cache.list(JSON.stringify([asked.limit, search]), search, async () => {
        const page = await readPage(asked, {
          name: list,
          key: keySchema,
          read: (after, limit) => findProducts(db, { ...search, after }, limit),
          keyOf: (last) => sortKey(asked.sort, last),
        });
        const { categoryId } = asked;
        if (categoryId !== undefined && page.items.length === 0)
          found(await readCategory(db, categoryId), 'CATEGORY_NOT_FOUND', { categoryId });
        // A caller may ask for any text as a seller; pages without products are not cached.
        return { text: JSON.stringify(page), passing: asked.sellerId !== undefined && page.items.length === 0 };
      });
      if (cached === undefined) throw new Error('there is always a list');
      return cachedReply(cached, request);
    },
  });
