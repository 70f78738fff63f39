/** A seller's look at its own products, drafts and hidden ones among them. Not cached: it is for one reader. */
import { z } from 'zod';
import { PRODUCT_STATUSES } from '../../core/catalogue/rules/product.js';
import { listProductsOfSeller } from '../../core/catalogue/stores/product.js';
import type { Db } from '../../infra/database.js';
import { encodeCursor, pageFrom, pageOf, pageQuery, readCursor } from '../edge/cursor.js';
import { externalId } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { productSummary } from './schemas.js';

const LIST = 'seller-products';

export const listProductsOfSellerRoute = (db: Db): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/products',
    tag: 'Catalogue',
    summary: "List a seller's products, whatever their status",
    permission: 'product.read-unlisted',
    params: z.strictObject({ sellerId: externalId }),
    query: z.strictObject({ ...pageQuery, status: z.enum(PRODUCT_STATUSES).optional() }),
    answer: { status: 200, description: 'A page of products, newest first.', schema: pageOf(productSummary) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: async ({ params: { sellerId }, query: { limit, cursor, status } }) => {
      const [before] = readCursor(cursor, LIST, z.tuple([z.int().min(1)])) ?? [];
      const rows = await listProductsOfSeller(db, { sellerId, status, before }, limit + 1);
      return ok(
        pageFrom(
          rows,
          limit,
          (row) => row,
          ({ productId }) => encodeCursor(LIST, [productId]),
        ),
      );
    },
  });
