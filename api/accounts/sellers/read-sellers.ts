/** GET /v1/sellers and GET /v1/sellers/{sellerId} */
import * as z from 'zod';
import { listSellers, readSeller } from '../../../core/accounts/stores/seller.js';
import { found } from '../../../kernel/outcome.js';
import type { ApiContext } from '../../context.js';
import { paged, pageOf, pageQuery } from '../../edge/cursor.js';
import { externalId } from '../../edge/fields.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { sellerBody, sellerFields, sellerParams, sellerSchema } from './seller-fields.js';

export const findSellers = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers',
    operationId: 'listSellers',
    tag: 'Sellers',
    summary: 'List sellers',
    description: 'By id. A seller sees only itself.',
    permission: 'seller.read',
    query: z.strictObject({
      ...pageQuery,
      status: sellerFields.status.optional().meta({ description: 'Only sellers with this status.' }),
    }),
    answer: { status: 200, description: 'A page of sellers.', schema: pageOf(sellerSchema) },
    handle: ({ query, own }) => {
      const only = own === null ? undefined : (own.sellerId ?? '');
      return paged(query, {
        name: 'sellers',
        key: z.tuple([externalId]),
        read: (after, limit) => listSellers(db, { status: query.status, only, after: after?.[0] }, limit),
        keyOf: ({ sellerId }) => [sellerId],
        itemOf: sellerBody,
      });
    },
  });

export const showSeller = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}',
    operationId: 'readSeller',
    tag: 'Sellers',
    summary: 'Show a seller',
    permission: 'seller.read',
    params: sellerParams,
    answer: { status: 200, description: 'The seller; the bank account masked.', schema: sellerSchema },
    refusals: ['SELLER_NOT_FOUND'],
    // It does not check whether the seller exists, so a seller does not learn who else sells here.
    owner: ({ params }) => ({ sellerId: params.sellerId }),
    handle: async ({ params }) => {
      const seller = found(await readSeller(db, params.sellerId), 'SELLER_NOT_FOUND');
      return ok(sellerBody(seller), seller.version);
    },
  });
