/** One product. Everybody gets it from the cache; drafts, hidden products and those of suspended sellers are only for their seller and staff. */

import { type Caller, grantTo, owns } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { ok, tagged } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { cachedReply, versionLabel } from './cached-reply.js';
import { notFound } from './changes.js';
import { productParams, productSchema } from './product-fields.js';
import { type ProductPage, readProductPage } from './product-page.js';

export const showProduct = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/products/{productId}',
    operationId: 'readProduct',
    tag: 'Catalogue',
    summary: 'Show a product',
    description:
      'Drafts, hidden products and those of suspended sellers are shown to their seller and to staff. The ETag can be used in If-None-Match and If-Match.',
    permission: 'catalogue.read',
    params: productParams,
    answer: { status: 200, description: 'The product.', schema: productSchema },
    refusals: ['PRODUCT_NOT_FOUND'],
    handle: async ({ params: { productId }, caller, request }) => {
      let read: ProductPage | undefined;
      const cached = await cache.product(productId, async () => {
        const shown = await readProductPage(db, productId);
        read = shown?.page;
        return shown?.forEverybody === true
          ? { text: JSON.stringify(shown.page), label: versionLabel(shown.page.version) }
          : undefined;
      });
      if (cached !== undefined) return cachedReply(cached, request);
      if (caller === null) throw notFound(productId);
      read ??= (await readProductPage(db, productId))?.page; // another call's load has found no product that everybody may see
      if (read === undefined || !maySee(caller, read)) throw notFound(productId);
      return tagged(ok(read), read.version);
    },
  });

/** Whether the caller may see products that are not public. */
function maySee(caller: Caller, read: ProductPage): boolean {
  const grant = grantTo('product.read-unlisted', caller);
  return grant === 'any' || (grant === 'own' && owns(caller, { sellerId: read.sellerId }));
}
