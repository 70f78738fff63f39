/** PUT /v1/accounts/{accountId}/role */
import * as z from 'zod';
import { lockAccount, lockActiveAdmins, readAccount, updateAccount } from '../../core/accounts/stores/account.js';
import { endSessions } from '../../core/accounts/stores/account-session.js';
import { readSeller } from '../../core/accounts/stores/seller.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { externalId } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, role } from './account-fields.js';
import { accountParams } from './read-accounts.js';

const bodySchema = z
  .strictObject({
    role,
    sellerId: externalId.optional().meta({ description: 'The business that a seller acts for.' }),
  })
  .refine((body) => (body.role === 'seller') === (body.sellerId !== undefined), {
    path: ['sellerId'],
    message: 'is required with the role seller, and only allowed with it',
  })
  .meta({ id: 'RoleAssignment' });

export const assignRole = (): Route =>
  route({
    method: 'put',
    path: '/v1/accounts/{accountId}/role',
    operationId: 'assignRole',
    tag: 'Accounts',
    summary: 'Give an account another role',
    description:
      'Its sessions end, so that its owner signs in again with the new role. The last admin keeps the role. ' +
      'The roles of staff and sellers go only to an account whose address is proven.',
    permission: 'account.assign-role',
    params: accountParams,
    body: bodySchema,
    example: { role: 'operator' },
    versioned: true,
    answer: { status: 200, description: 'The account as it is now.', etag: true, schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND', 'SELLER_NOT_FOUND', 'EMAIL_UNPROVEN', 'LAST_ADMIN'],
    handle: async ({ params, body, signedIn, requireVersion, audit, transact }) =>
      transact(async (tx) => {
        const admins = await lockActiveAdmins(tx);
        const former = found(await lockAccount(tx, params.accountId), 'ACCOUNT_NOT_FOUND');
        requireVersion(former.version);
        const { accountId } = former;
        const sellerId = body.sellerId ?? null;
        if (former.role === body.role && former.sellerId === sellerId) return ok(accountBody(former), former.version);
        if (body.role !== 'buyer' && !former.emailProven) throw new MagamError('EMAIL_UNPROVEN');
        if (sellerId !== null) found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND');
        const demoted = former.role === 'admin' && body.role !== 'admin';
        if (demoted && admins.length === 1 && admins[0] === accountId) throw new MagamError('LAST_ADMIN');
        await updateAccount(tx, accountId, { role: body.role, sellerId, accessGivenBy: signedIn.accountId });
        await endSessions(tx, accountId, 'ROLE_CHANGED');
        await audit(tx, 'account.assign-role', ['account', accountId], {
          before: { role: former.role, sellerId: former.sellerId },
          after: { role: body.role, sellerId },
        });
        const account = (await readAccount(tx, accountId)) ?? former;
        return ok(accountBody(account), account.version);
      }),
  });
