/** GET /v1/accounts and GET /v1/accounts/{accountId} */
import * as z from 'zod';
import { foldEmail } from '../../core/accounts/rules/account.js';
import { listAccounts, readAccount } from '../../core/accounts/stores/account.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, accountStatus, role } from './account-fields.js';

const querySchema = z.strictObject({
  ...pageQuery,
  email: z
    .string()
    .max(254)
    .optional()
    .meta({ description: 'Only accounts whose address begins with this text.', example: 'kim' }),
  role: role.optional().meta({ description: 'Only accounts with this role.' }),
  status: accountStatus.optional().meta({ description: 'Only accounts with this status.' }),
});

export const findAccounts = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/accounts',
    operationId: 'listAccounts',
    tag: 'Accounts',
    summary: 'List accounts',
    description: 'By address.',
    permission: 'account.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of accounts.', schema: pageOf(accountSchema) },
    handle: ({ query: { email, role, status, ...asked } }) => {
      const emailPrefix = email === undefined ? undefined : foldEmail(email);
      return paged(asked, {
        name: 'accounts',
        key: z.tuple([z.string().max(254)]),
        read: (after, limit) => listAccounts(db, { emailPrefix, role, status, after: after?.[0] }, limit),
        keyOf: (account) => [account.email],
        itemOf: accountBody,
      });
    },
  });

export const accountParams = z.strictObject({ accountId: idText.meta({ description: 'The account.' }) });

export const showAccount = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/accounts/{accountId}',
    operationId: 'readAccount',
    tag: 'Accounts',
    summary: 'Show an account',
    permission: 'account.read',
    params: accountParams,
    answer: { status: 200, description: 'The account.', schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ params }) => {
      const account = found(await readAccount(db, params.accountId), 'ACCOUNT_NOT_FOUND');
      return ok(accountBody(account), account.version);
    },
  });
