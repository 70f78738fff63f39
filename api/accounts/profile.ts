/** GET and PATCH /v1/me */
import * as z from 'zod';
import { type Account, lockAccount, readAccount, updateAccount } from '../../core/accounts/stores/account.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { text } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, phone } from './account-fields.js';

export const readProfile = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me',
    operationId: 'readMe',
    tag: 'Accounts',
    summary: 'Show the own account',
    permission: 'profile.read',
    answer: { status: 200, description: 'The account.', schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ signedIn }) => {
      const account = found(await readAccount(db, signedIn.accountId), 'ACCOUNT_NOT_FOUND');
      return ok(accountBody(account), account.version);
    },
  });

const bodySchema = z
  .strictObject({ displayName: text(100).optional(), phone: phone.nullable().optional() })
  .meta({ id: 'ProfileChange' });

export const editProfile = (): Route =>
  route({
    method: 'patch',
    path: '/v1/me',
    operationId: 'updateMe',
    tag: 'Accounts',
    summary: 'Change the own account',
    description: 'Fields that are left out stay as they are.',
    permission: 'profile.edit',
    body: bodySchema,
    example: { phone: '+82 10-1234-5678' },
    versioned: true,
    answer: { status: 200, etag: true, description: 'The account as it is now.', schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ body, signedIn, requireVersion, audit, transact }) =>
      transact(async (tx) => {
        const former = found(await lockAccount(tx, signedIn.accountId), 'ACCOUNT_NOT_FOUND');
        requireVersion(former.version);
        await updateAccount(tx, former.accountId, body);
        const account = (await readAccount(tx, former.accountId)) ?? former;
        await audit(tx, 'profile.edit', ['account', former.accountId], {
          before: contact(former),
          after: contact(account),
        });
        return ok(accountBody(account), account.version);
      }),
  });

const contact = ({ displayName, phone }: Account) => ({ displayName, phone });
