/** POST /v1/sellers */
import { z } from 'zod';
import { sealBankAccount } from '../../../core/accounts/bank-account.js';
import { insertSeller, readSeller } from '../../../core/accounts/stores/seller.js';
import { recordAudit } from '../../../infra/stores/audit-log.js';
import { MagamError } from '../../../kernel/errors.js';
import type { ApiContext } from '../../context.js';
import { externalId } from '../../edge/fields.js';
import { created } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { sellerBody, sellerContent, sellerFields, sellerSchema } from './seller-body.js';

const { status: _status, ...fields } = sellerFields;

const bodySchema = z
  .strictObject({
    sellerId: externalId
      // Clients take such a step out of an address (RFC 3986, 5.2.4), also when it is escaped.
      .refine((sellerId) => !/^\.\.?$/.test(sellerId), 'must not be . or ..')
      .meta({ description: 'The id that order lines carry.', example: 'S7' }),
    ...fields,
  })
  .meta({ id: 'NewSeller' });

export const createSeller = ({ config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers',
    tag: 'Sellers',
    summary: 'Make a seller',
    permission: 'seller.create',
    idempotent: true,
    body: bodySchema,
    answer: { status: 201, description: 'The seller.', schema: sellerSchema },
    refusals: ['SELLER_EXISTS', 'SELLER_NOT_FOUND'],
    handle: async ({ body, signedIn, requestId, transact }) =>
      transact(async (tx) => {
        const { sellerId } = body;
        const bankAccount = sealBankAccount(config.encryptionKey, sellerId, body.bankAccount);
        const refusal = await insertSeller(tx, { ...body, bankAccount });
        if (refusal !== undefined) throw new MagamError(refusal.refused, undefined, refusal.details);
        const seller = await readSeller(tx, sellerId);
        if (seller === undefined) throw new MagamError('SELLER_NOT_FOUND');
        await recordAudit(tx, {
          caller: signedIn,
          requestId,
          action: 'seller.create',
          subjectType: 'seller',
          subjectId: sellerId,
          before: null,
          after: sellerContent(seller),
        });
        return created(`/v1/sellers/${encodeURIComponent(sellerId)}`, sellerBody(seller), seller.version);
      }),
  });
