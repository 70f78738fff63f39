/** GET /v1/sellers and GET /v1/sellers/{sellerId} */
import { z } from 'zod';
import { listSellers, readSeller } from '../../../core/accounts/stores/seller.js';
import { MagamError } from '../../../kernel/errors.js';
import type { ApiContext } from '../../context.js';
import { encodeCursor, pageFrom, pageOf, pageQuery, readCursor } from '../../edge/cursor.js';
import { externalId } from '../../edge/fields.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { sellerBody, sellerFields, sellerParams, sellerSchema } from './seller-body.js';

const LIST = 'sellers';

export const findSellers = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers',
    tag: 'Sellers',
    summary: 'List sellers',
    description: 'By id. A seller sees itself alone.',
    permission: 'seller.read',
    query: z.strictObject({ ...pageQuery, status: sellerFields.status.optional() }),
    answer: { status: 200, description: 'A page of sellers.', schema: pageOf(sellerSchema) },
    handle: async ({ query, own }) => {
      const [after] = readCursor(query.cursor, LIST, z.tuple([externalId])) ?? [];
      const only = own === null ? undefined : (own.sellerId ?? '');
      const rows = await listSellers(db, { status: query.status, only, after }, query.limit + 1);
      return ok(pageFrom(rows, query.limit, sellerBody, (last) => encodeCursor(LIST, [last.sellerId])));
    },
  });

export const showSeller = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}',
    tag: 'Sellers',
    summary: 'Show a seller',
    permission: 'seller.read',
    params: sellerParams,
    answer: { status: 200, description: 'The seller; the bank account masked.', schema: sellerSchema },
    refusals: ['SELLER_NOT_FOUND'],
    // Without a look whether there is one: a seller does not learn who else sells here.
    owner: ({ params }) => ({ sellerId: params.sellerId }),
    handle: async ({ params }) => {
      const seller = await readSeller(db, params.sellerId);
      if (seller === undefined) throw new MagamError('SELLER_NOT_FOUND');
      return ok(sellerBody(seller), seller.version);
    },
  });
