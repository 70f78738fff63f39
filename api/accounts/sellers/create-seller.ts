/** POST /v1/sellers */
import * as z from 'zod';
import { sealBankAccount } from '../../../core/accounts/bank-account.js';
import { proposeBankAccount } from '../../../core/accounts/bank-account-changes.js';
import { insertSeller, readSeller } from '../../../core/accounts/stores/seller.js';
import { decided, found } from '../../../kernel/outcome.js';
import type { ApiContext } from '../../context.js';
import { externalId } from '../../edge/fields.js';
import { created } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { sellerAudited, sellerBody, sellerFields, sellerSchema } from './seller-fields.js';

const { status: _status, ...fields } = sellerFields;

const bodySchema = z
  .strictObject({
    sellerId: externalId
      // Clients remove such a segment from an address (RFC 3986, 5.2.4), even if it is escaped.
      .refine((sellerId) => !/^\.\.?$/.test(sellerId), 'must not be . or ..')
      .meta({ description: 'The id that order lines carry.', example: 'S7' }),
    ...fields,
  })
  .meta({ id: 'NewSeller' });

export const createSeller = ({ config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers',
    operationId: 'createSeller',
    tag: 'Sellers',
    summary: 'Make a seller',
    description: 'Its bank account is a proposal: the seller can be paid once somebody else has approved it.',
    permission: 'seller.create',
    idempotent: true,
    body: bodySchema,
    example: {
      sellerId: 'hanbit',
      name: '한빛서점',
      businessNumber: '124-81-00998',
      taxType: 'GENERAL',
      bankAccount: { bankCode: '088', accountNumber: '110-123-456789', accountHolder: '한빛서점' },
    },
    answer: { status: 201, description: 'The seller.', etag: true, schema: sellerSchema },
    refusals: ['SELLER_EXISTS', 'SELLER_NOT_FOUND', 'BANK_ACCOUNT_PROPOSED', 'BANK_ACCOUNT_NOT_FOUND'],
    handle: async ({ body, signedIn: caller, requestId, audit, transact }) =>
      transact(async (tx) => {
        const { sellerId } = body;
        const bankAccount = sealBankAccount(config.encryptionKey, sellerId, body.bankAccount);
        decided(await insertSeller(tx, { ...body, bankAccount }));
        decided(
          await proposeBankAccount(tx, { caller, requestId, keys: config.encryptionKeys }, sellerId, body.bankAccount),
        );
        const seller = found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND');
        await audit(tx, 'seller.create', ['seller', sellerId], {
          before: null,
          after: sellerAudited(config.encryptionKeys, seller),
        });
        return created(`/v1/sellers/${encodeURIComponent(sellerId)}`, sellerBody(seller), seller.version);
      }),
  });
