/** One product: for everybody from the cache; a draft, a hidden one and that of a suspended seller for its seller and staff alone. */

import { type ProductDetail, readProduct, readProductPage } from '../../core/catalogue/stores/product.js';
import { type Caller, grantOf, owns } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { ok, tagged } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { cachedReply, versionLabel } from './cached-reply.js';
import { notFound } from './changes.js';
import { productParams, productSchema } from './product-fields.js';

export const showProduct = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/products/{productId}',
    tag: 'Catalogue',
    summary: 'Show a product',
    description:
      'Drafts, hidden products and those of suspended sellers are shown to their seller and to staff. The ETag serves If-None-Match and If-Match.',
    permission: 'catalogue.read',
    params: productParams,
    answer: { status: 200, description: 'The product.', schema: productSchema },
    refusals: ['PRODUCT_NOT_FOUND'],
    handle: async ({ params: { productId }, caller, request }) => {
      let read: ProductDetail | undefined;
      const cached = await cache.product(productId, async () => {
        const page = await readProductPage(db, productId);
        read = page?.product;
        return page?.forEverybody === true
          ? { text: JSON.stringify(page.product), label: versionLabel(page.product.version) }
          : undefined;
      });
      if (cached !== undefined) return cachedReply(cached, request);
      if (caller === null) throw notFound(productId);
      read ??= await readProduct(db, productId); // somebody else's load found that there is nothing for everybody
      if (read === undefined || !maySee(caller, read)) throw notFound(productId);
      return tagged(ok(read), read.version);
    },
  });

/** Whether somebody sees what not everybody does. */
function maySee(caller: Caller, read: ProductDetail): boolean {
  const grant = grantOf('product.read-unlisted', caller.role);
  return grant === 'any' || (grant === 'own' && owns(caller, { sellerId: read.sellerId }));
}
