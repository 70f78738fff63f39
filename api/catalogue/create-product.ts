/** Makes a product with its options: sellers for themselves, staff for a seller whom they name. */
import type * as z from 'zod';
import { readSeller } from '../../core/accounts/stores/seller.js';
import { priceFault } from '../../core/catalogue/rules/product.js';
import { insertProduct } from '../../core/catalogue/stores/product.js';
import { insertOption } from '../../core/catalogue/stores/product-option.js';
import { writeTerms } from '../../core/catalogue/stores/product-search.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { invalidRequest } from '../edge/problem.js';
import { created } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { requireDetail, requireLeaf } from './changes.js';
import { newProductSchema, productSchema } from './product-fields.js';

export const createProduct = ({ cache }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/products',
    operationId: 'createProduct',
    tag: 'Catalogue',
    summary: 'Make a product',
    permission: 'product.create',
    body: newProductSchema,
    example: {
      sellerId: 'seller-000001',
      externalId: 'P-2026-1',
      categoryId: 3,
      name: '여름 원피스',
      currency: 'KRW',
      priceMinor: 39_000,
      salePriceMinor: 29_000,
      options: [
        { sku: 'DRESS-M', name: 'M', priceDifferenceMinor: 0 },
        { sku: 'DRESS-L', name: 'L', priceDifferenceMinor: 2_000 },
      ],
    },
    answer: { status: 201, description: 'The product.', etag: true, schema: productSchema },
    refusals: [
      'CATEGORY_NOT_FOUND',
      'CATEGORY_NOT_LEAF',
      'CURRENCY_UNKNOWN',
      'PRICE_INVALID',
      'PRODUCT_EXISTS',
      'SELLER_NOT_FOUND',
      'SKU_TAKEN',
    ],
    idempotent: true,
    owner: ({ body: { sellerId } }) => (sellerId === undefined ? undefined : { sellerId }),
    handle: async (call) => {
      const { body } = call;
      const sellerId = sellerOf(call);
      return call.transact(async (tx) => {
        found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND', { sellerId });
        const { path } = await requireLeaf(tx, body.categoryId);
        decided(
          priceFault(
            body,
            body.options.map(({ priceDifferenceMinor }) => priceDifferenceMinor),
          ),
        );
        const productId = decided(await insertProduct(tx, { ...body, sellerId }));
        for (const option of body.options) decided(await insertOption(tx, { productId, sellerId }, option));
        await writeTerms(tx, productId, { ...body, sellerId, categoryPath: path, salesCount: 0 });
        const made = await requireDetail(tx, productId);
        await call.audit(tx, 'product.create', ['product', productId], { before: null, after: made });
        call.afterCommit(() => cache.productChanged({ productId, sellerId, categoryPath: path }));
        return created(`/v1/products/${productId}`, made, made.version);
      });
    },
  });

/** The future owner of the product. */
function sellerOf({ body, own }: Call<unknown, unknown, z.output<typeof newProductSchema>>): string {
  const sellerId = own?.sellerId ?? body.sellerId;
  if (sellerId !== undefined) return sellerId;
  throw invalidRequest([{ in: 'body', pointer: '#/sellerId', message: 'is required of staff' }]);
}
