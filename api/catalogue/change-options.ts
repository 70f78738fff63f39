/** Makes, edits and removes the options of a product. They share the product's version: a change of an option changes the product. */
import type * as z from 'zod';
import type { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';
import { OPTIONS_MAX, priceFault } from '../../core/catalogue/rules/product.js';
import { touchProduct } from '../../core/catalogue/stores/product.js';
import {
  insertOption,
  type OptionRecord,
  readOptions,
  removeOption as removeStoredOption,
  updateOption,
} from '../../core/catalogue/stores/product-option.js';
import type { Db, Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { created, ok, type Reply } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { placeOf, requireDetail, requireProduct } from './changes.js';
import { ownerOfProduct } from './edit-product.js';
import { newOptionSchema, optionEditSchema, optionParams, productParams, productSchema } from './product-fields.js';
import type { ProductPage } from './product-page.js';

type OptionCall = Call<{ readonly productId: number }, unknown, unknown>;
type ProductReply = Reply<z.input<typeof productSchema>>;

/** Changes options under the lock of their product: `decide` gets the existing options and writes. */
async function changeOptions(
  call: OptionCall,
  cache: CatalogueCache,
  action: string,
  decide: (tx: Tx, product: { productId: number; sellerId: string }, options: readonly OptionRecord[]) => Promise<void>,
  answer: (changed: ProductPage) => ProductReply,
): Promise<ProductReply> {
  const { productId } = call.params;
  return call.transact(async (tx) => {
    const product = await requireProduct(tx, productId);
    call.requireVersion(product.version);
    const before = await readOptions(tx, productId);
    await decide(tx, product, before);
    const after = await readOptions(tx, productId);
    decided(
      priceFault(
        product,
        after.map(({ priceDifferenceMinor }) => priceDifferenceMinor),
      ),
    );
    await touchProduct(tx, productId);
    await call.audit(tx, action, ['product', productId], { before: { options: before }, after: { options: after } });
    const place = await placeOf(tx, product);
    call.afterCommit(() => cache.productChanged(place));
    return answer(await requireDetail(tx, productId));
  });
}

function requireOption(options: readonly OptionRecord[], optionId: number): OptionRecord {
  return found(
    options.find((option) => option.optionId === optionId),
    'OPTION_NOT_FOUND',
    { optionId },
  );
}

const shared = (db: Db) => ({
  tag: 'Catalogue',
  permission: 'product.edit' as const,
  versioned: true,
  owner: ownerOfProduct(db),
});

export const addOption = ({ db, cache }: ApiContext): Route =>
  route({
    ...shared(db),
    method: 'post',
    path: '/v1/products/{productId}/options',
    operationId: 'createProductOption',
    summary: 'Add an option to a product',
    params: productParams,
    body: newOptionSchema,
    example: { sku: 'DRESS-XL', name: 'XL', priceDifferenceMinor: 2_000 },
    answer: { status: 201, description: 'The product with the option.', etag: true, schema: productSchema },
    refusals: ['CURRENCY_UNKNOWN', 'OPTIONS_TOO_MANY', 'PRICE_INVALID', 'PRODUCT_NOT_FOUND', 'SKU_TAKEN'],
    idempotent: true,
    handle: (call) =>
      changeOptions(
        call,
        cache,
        'product.add-option',
        async (tx, product, options) => {
          if (options.length >= OPTIONS_MAX) throw new MagamError('OPTIONS_TOO_MANY', undefined, { most: OPTIONS_MAX });
          decided(await insertOption(tx, product, call.body));
        },
        (changed) => created(`/v1/products/${changed.productId}`, changed, changed.version),
      ),
  });

export const editOption = ({ db, cache }: ApiContext): Route =>
  route({
    ...shared(db),
    method: 'patch',
    path: '/v1/products/{productId}/options/{optionId}',
    operationId: 'updateProductOption',
    summary: 'Edit an option of a product',
    params: optionParams,
    body: optionEditSchema,
    example: { name: '검정' },
    answer: { status: 200, description: 'The product with the option.', etag: true, schema: productSchema },
    refusals: ['CURRENCY_UNKNOWN', 'OPTION_NOT_FOUND', 'PRICE_INVALID', 'PRODUCT_NOT_FOUND', 'SKU_TAKEN'],
    handle: (call) =>
      changeOptions(
        call,
        cache,
        'product.edit-option',
        async (tx, _product, options) => {
          const option = requireOption(options, call.params.optionId);
          const {
            sku = option.sku,
            name = option.name,
            priceDifferenceMinor = option.priceDifferenceMinor,
          } = call.body;
          decided(await updateOption(tx, { optionId: option.optionId, sku, name, priceDifferenceMinor }));
        },
        (changed) => ok(changed, changed.version),
      ),
  });

export const removeOption = ({ db, cache }: ApiContext): Route =>
  route({
    ...shared(db),
    method: 'delete',
    path: '/v1/products/{productId}/options/{optionId}',
    operationId: 'deleteProductOption',
    summary: 'Remove an option of a product',
    params: optionParams,
    answer: { status: 200, description: 'The product without the option.', etag: true, schema: productSchema },
    refusals: ['CURRENCY_UNKNOWN', 'OPTION_NOT_FOUND', 'PRICE_INVALID', 'PRODUCT_NOT_FOUND'],
    handle: (call) =>
      changeOptions(
        call,
        cache,
        'product.remove-option',
        (tx, product, options) =>
          removeStoredOption(tx, product, requireOption(options, call.params.optionId).optionId),
        (changed) => ok(changed, changed.version),
      ),
  });
