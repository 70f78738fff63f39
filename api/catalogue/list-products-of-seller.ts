/** A seller's list of its own products, including drafts and hidden ones. It is not cached, because it is for one reader. */
import * as z from 'zod';
import { PRODUCT_STATUSES } from '../../core/catalogue/rules/product.js';
import { listProductsOfSeller } from '../../core/catalogue/stores/product.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { productSummarySchema } from './product-fields.js';

export const listProductsOfSellerRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/products',
    operationId: 'listProductsOfSeller',
    tag: 'Catalogue',
    summary: "List a seller's products, whatever their status",
    permission: 'product.read-unlisted',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    query: z.strictObject({
      ...pageQuery,
      status: z.enum(PRODUCT_STATUSES).optional().meta({ description: 'Only products with this status.' }),
    }),
    answer: { status: 200, description: 'A page of products, newest first.', schema: pageOf(productSummarySchema) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: ({ params: { sellerId }, query: { status, ...asked } }) =>
      paged(asked, {
        name: 'seller-products',
        key: z.tuple([id]),
        read: (before, limit) => listProductsOfSeller(db, { sellerId, status, before: before?.[0] }, limit),
        keyOf: ({ productId }) => [productId],
      }),
  });
