/**
 * POST /v1/sellers/{sellerId}/accounts: a sign-in for somebody of the seller. Its password is made here, shown once, and good for one sign-in, which
 * has to replace it: so nobody of the staff knows a password that is in use.
 */
import * as z from 'zod';
import { newOneTimePassword } from '../../../core/accounts/one-time-password.js';
import { insertAccount, readAccount } from '../../../core/accounts/stores/account.js';
import { readSeller } from '../../../core/accounts/stores/seller.js';
import { decided, found } from '../../../kernel/outcome.js';
import { text } from '../../edge/fields.js';
import { created } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { accountBody, accountSchema, newEmail, oneTimePassword, phone } from '../account-fields.js';
import type { AccountsContext } from '../context.js';
import { sellerParams } from './seller-fields.js';

const bodySchema = z
  .strictObject({ email: newEmail, displayName: text(100), phone: phone.optional() })
  .meta({ id: 'NewSellerAccount' });

const answerSchema = z
  .object({
    account: accountSchema,
    oneTimePassword,
  })
  .meta({ id: 'SellerAccount' });

export const createSellerAccount = ({ passwords }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers/{sellerId}/accounts',
    operationId: 'createSellerAccount',
    tag: 'Sellers',
    summary: 'Make a sign-in for a seller',
    permission: 'seller.edit',
    params: sellerParams,
    body: bodySchema,
    example: { email: 'hanbit@example.com', displayName: '한빛서점' },
    answer: { status: 201, description: 'The account and its password for one sign-in.', schema: answerSchema },
    refusals: ['SELLER_NOT_FOUND', 'EMAIL_TAKEN', 'SIGN_IN_BUSY'],
    handle: async ({ params, body, audit, transact }) => {
      const given = newOneTimePassword();
      const passwordHash = await passwords.hash(given);
      return transact(async (tx) => {
        const { sellerId } = params;
        found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND');
        const { email, displayName } = body;
        const accountId = decided(
          await insertAccount(tx, {
            email,
            displayName,
            phone: body.phone ?? null,
            role: 'seller',
            sellerId,
            passwordHash,
            passwordOneTime: true,
          }),
        );
        await audit(tx, 'seller.create-account', ['account', accountId], {
          before: null,
          after: { email, displayName, role: 'seller', sellerId },
        });
        const account = found(await readAccount(tx, accountId), 'SELLER_NOT_FOUND');
        return created(`/v1/accounts/${accountId}`, { account: accountBody(account), oneTimePassword: given });
      });
    },
  });
