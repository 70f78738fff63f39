/** GET and PATCH /v1/me */
import { z } from 'zod';
import { type Account, lockAccount, readAccount, updateAccount } from '../../core/accounts/stores/account.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { isStaff } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { text } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, phone } from './fields.js';

export const readProfile = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me',
    tag: 'Accounts',
    summary: 'Show the own account',
    permission: 'profile.read',
    answer: { status: 200, description: 'The account.', schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ signedIn }) => {
      const account = await readAccount(db, signedIn.accountId);
      if (account === undefined) throw new MagamError('ACCOUNT_NOT_FOUND');
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
    tag: 'Accounts',
    summary: 'Change the own account',
    description: 'Fields that are left out stay as they are.',
    permission: 'profile.edit',
    body: bodySchema,
    versioned: true,
    answer: { status: 200, description: 'The account as it is now.', schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ body, signedIn, requestId, requireVersion, transact }) =>
      transact(async (tx) => {
        const former = await lockAccount(tx, signedIn.accountId);
        if (former === undefined) throw new MagamError('ACCOUNT_NOT_FOUND');
        requireVersion(former.version);
        await updateAccount(tx, former.accountId, body);
        const account = (await readAccount(tx, former.accountId)) ?? former;
        if (isStaff(signedIn.role)) {
          await recordAudit(tx, {
            caller: signedIn,
            requestId,
            action: 'profile.edit',
            subjectType: 'account',
            subjectId: String(former.accountId),
            before: contact(former),
            after: contact(account),
          });
        }
        return ok(accountBody(account), account.version);
      }),
  });

const contact = ({ displayName, phone }: Account) => ({ displayName, phone });
