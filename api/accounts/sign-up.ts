/**
 * POST /v1/accounts: somebody makes an account, as a buyer, and is sent a link that proves the address. The account can shop before that and can get no role. The answer says when
 * an address is taken; its owner gets the account by setting a new password by mail. A sign-up costs as much as a try to sign in: the same work on the password, before anything
 * is looked up, and the same limit of 60 a minute for one address. A mailbox gets few such mails an hour, whatever follows a plus in its address.
 */
import * as z from 'zod';
import { checkPassword } from '../../core/accounts/rules/account.js';
import { insertAccount, readAccount } from '../../core/accounts/stores/account.js';
import { recordEvents } from '../../core/outbox/record-events.js';
import { decided, found } from '../../kernel/outcome.js';
import { text } from '../edge/fields.js';
import { created } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, newEmail, newPassword, phone } from './account-fields.js';
import type { AccountsContext } from './context.js';

const bodySchema = z
  .strictObject({
    email: newEmail,
    password: newPassword,
    displayName: text(100).meta({ example: '김철수' }),
    phone: phone.optional(),
  })
  .meta({ id: 'NewAccount' });

export const signUp = ({ passwords, limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/accounts',
    operationId: 'createAccount',
    tag: 'Accounts',
    summary: 'Make an account',
    description:
      'The account is a buyer’s. A mail with a link follows, by which its owner proves the address; it can shop before that. Sellers and staff are invited by staff.',
    permission: 'account.sign-up',
    provesIdentity: true,
    body: bodySchema,
    example: {
      email: 'bom@example.com',
      password: 'autumn reading weather',
      displayName: '박새봄',
      phone: '+82 10-1234-5678',
    },
    answer: { status: 201, description: 'The account; now sign in.', etag: true, schema: accountSchema },
    refusals: ['EMAIL_TAKEN', 'PASSWORD_WEAK', 'SIGN_IN_BUSY'],
    before: limits.signUp,
    handle: async ({ body, requestId, transact }) => {
      decided(checkPassword(body.password, body.email));
      const passwordHash = await passwords.hash(body.password);
      return transact(async (tx) => {
        const { email, displayName } = body;
        const accountId = decided(
          await insertAccount(tx, {
            email,
            passwordHash,
            displayName,
            phone: body.phone ?? null,
            role: 'buyer',
          }),
        );
        await limits.countSignUpMail(email);
        await recordEvents(tx, [{ type: 'account.proof-wanted', payload: { accountId }, requestId }]);
        const account = found(await readAccount(tx, accountId), 'ACCOUNT_NOT_FOUND');
        return created('/v1/me', accountBody(account), account.version);
      });
    },
  });
