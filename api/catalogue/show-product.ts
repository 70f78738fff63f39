/** One product: for everybody from the cache; a draft or a hidden one for its seller and staff alone. */

import { isListed } from '../../core/catalogue/rules/product.js';
import { type Caller, grantOf, owns } from '../../kernel/access.js';
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
    tag: 'Catalogue',
    summary: 'Show a product',
    description:
      'Drafts and hidden products are shown to their seller and to staff. The ETag serves If-None-Match and If-Match.',
    permission: 'catalogue.read',
    params: productParams,
    answer: { status: 200, description: 'The product.', schema: productSchema },
    refusals: ['PRODUCT_NOT_FOUND'],
    handle: async ({ params: { productId }, caller, request }) => {
      let read: ProductPage | undefined;
      const cached = await cache.product(productId, async () => {
        read = await readProductPage(db, productId);
        return read === undefined || !isListed(read.status)
          ? undefined
          : { text: JSON.stringify(read), label: versionLabel(read.version) };
      });
      if (cached !== undefined) return cachedReply(cached, request);
      if (caller === null) throw notFound(productId);
      read ??= await readProductPage(db, productId); // somebody else's load found that there is nothing for everybody
      if (read === undefined || !maySee(caller, read)) throw notFound(productId);
      return tagged(ok(read), read.version);
    },
  });

function maySee(caller: Caller, read: ProductPage): boolean {
  const grant = grantOf('product.read-unlisted', caller.role);
  return isListed(read.status) || grant === 'any' || (grant === 'own' && owns(caller, { sellerId: read.sellerId }));
}
