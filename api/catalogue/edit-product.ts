/** Edits a product: sellers edit their own, staff any. */

import { changeProduct } from '../../core/catalogue/rules/product.js';
import { type ProductContent, readProductSeller, updateProduct } from '../../core/catalogue/stores/product.js';
import { readOptions } from '../../core/catalogue/stores/product-option.js';
import { writeTerms } from '../../core/catalogue/stores/product-search.js';
import type { Db } from '../../infra/database.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { placeOf, requireDetail, requireLeaf, requireProduct } from './changes.js';
import { productEditSchema, productParams, productSchema } from './product-fields.js';

/** The owner of a product, for the edge. */
export const ownerOfProduct =
  (db: Db) =>
  async ({ params: { productId } }: { readonly params: { readonly productId: number } }) => {
    return { sellerId: found(await readProductSeller(db, productId), 'PRODUCT_NOT_FOUND', { productId }) };
  };

/** All fields by which lists filter and sort a product. */
const placing = ({ name, categoryId, status, priceMinor, salePriceMinor }: ProductContent): string =>
  JSON.stringify([name, categoryId, status, priceMinor, salePriceMinor]);

export const editProduct = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'patch',
    path: '/v1/products/{productId}',
    operationId: 'updateProduct',
    tag: 'Catalogue',
    summary: 'Edit a product',
    description:
      'Absent fields stay unchanged. Currency and external id never change, because the settlement feed names them.',
    permission: 'product.edit',
    params: productParams,
    body: productEditSchema,
    example: { name: '여름 원피스' },
    answer: { status: 200, description: 'The product.', etag: true, schema: productSchema },
    refusals: [
      'CATEGORY_NOT_FOUND',
      'CATEGORY_NOT_LEAF',
      'CURRENCY_UNKNOWN',
      'PRICE_INVALID',
      'PRODUCT_NOT_FOUND',
      'PRODUCT_STATUS_CONFLICT',
    ],
    versioned: true,
    owner: ownerOfProduct(db),
    handle: async (call) => {
      const { body } = call;
      const { productId } = call.params;
      return call.transact(async (tx) => {
        const before = await requireProduct(tx, productId);
        call.requireVersion(before.version);
        const options = await readOptions(tx, productId);
        const decision = decided(
          changeProduct(
            before,
            body,
            options.map(({ priceDifferenceMinor }) => priceDifferenceMinor),
          ),
        );
        const after = {
          ...decision,
          categoryId: body.categoryId ?? before.categoryId,
          name: body.name ?? before.name,
          description: body.description ?? before.description,
        };
        const from = await placeOf(tx, before);
        const moved = after.categoryId !== before.categoryId;
        const to = moved ? { ...from, categoryPath: (await requireLeaf(tx, after.categoryId)).path } : from;
        await updateProduct(tx, productId, after);
        if (placing(after) !== placing(before))
          await writeTerms(tx, productId, { ...after, categoryPath: to.categoryPath });
        await call.audit(tx, 'product.edit', ['product', productId], { before, after });
        call.afterCommit(() => cache.productChanged(from, to));
        const edited = await requireDetail(tx, productId);
        return ok(edited, edited.version);
      });
    },
  });
