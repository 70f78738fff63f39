/** PATCH /v1/sellers/{sellerId} */
import * as z from 'zod';
import { lockSeller, readSeller, updateSeller } from '../../../core/accounts/stores/seller.js';
import { found } from '../../../kernel/outcome.js';
import type { ApiContext } from '../../context.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { sellerAudited, sellerBody, sellerFields, sellerParams, sellerSchema } from './seller-fields.js';

const { bankAccount: _bankAccount, ...fields } = sellerFields;

const bodySchema = z.strictObject(fields).partial().meta({ id: 'SellerChange' });

export const editSeller = ({ config, cache }: ApiContext): Route =>
  route({
    method: 'patch',
    path: '/v1/sellers/{sellerId}',
    operationId: 'updateSeller',
    tag: 'Sellers',
    summary: 'Change a seller',
    description:
      'Fields that are left out stay as they are. The bank account is changed by a proposal that somebody else approves. ' +
      'Products of a suspended seller are not for sale; its existing orders continue.',
    permission: 'seller.edit',
    params: sellerParams,
    body: bodySchema,
    example: { name: '한빛서점' },
    versioned: true,
    answer: { status: 200, description: 'The seller as it is now.', etag: true, schema: sellerSchema },
    refusals: ['SELLER_NOT_FOUND'],
    handle: async ({ params, body, requireVersion, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const former = found(await lockSeller(tx, params.sellerId), 'SELLER_NOT_FOUND');
        requireVersion(former.version);
        const { sellerId } = former;
        await updateSeller(tx, {
          ...former,
          name: body.name ?? former.name,
          businessNumber: body.businessNumber ?? former.businessNumber,
          taxType: body.taxType ?? former.taxType,
          status: body.status ?? former.status,
        });
        const seller = (await readSeller(tx, sellerId)) ?? former;
        await audit(tx, 'seller.edit', ['seller', sellerId], {
          before: sellerAudited(config.encryptionKeys, former),
          after: sellerAudited(config.encryptionKeys, seller),
        });
        if (seller.status !== former.status) afterCommit(() => cache.sellersChanged());
        return ok(sellerBody(seller), seller.version);
      }),
  });
