/**
 * POST /v1/accounts/{accountId}/one-time-password: for somebody who has lost the password. Only for admins. An admin could sign in with the password before the owner does, so the
 * audit log records it, and the account's history shows the sign-in.
 */
import * as z from 'zod';
import { newOneTimePassword } from '../../core/accounts/one-time-password.js';
import { giveOneTimePassword as giveToAccount, lockAccount, readAccount } from '../../core/accounts/stores/account.js';
import { endSessions } from '../../core/accounts/stores/account-session.js';
import { withdrawLinks } from '../../core/accounts/stores/one-time-link.js';
import { revokeApiKeysOf } from '../../core/api-keys/stores/api-key.js';
import { recordEvents } from '../../core/outbox/record-events.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema, oneTimePassword } from './account-fields.js';
import type { AccountsContext } from './context.js';
import { accountParams } from './read-accounts.js';

export const giveOneTimePassword = ({ config, passwords }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/accounts/{accountId}/one-time-password',
    operationId: 'createOneTimePassword',
    tag: 'Accounts',
    summary: 'Replace a lost password',
    description:
      'The account is signed out everywhere, its API keys are revoked, and it gets a password for one sign-in, which ends after MAGAM_ONE_TIME_PASSWORD_HOURS. The account and all admins are informed by mail. Admins cannot do it to themselves.',
    permission: 'account.reset-password',
    params: accountParams,
    answer: {
      status: 200,
      etag: true,
      description: 'The account and its password for one sign-in.',
      schema: z.object({ account: accountSchema, oneTimePassword }).meta({ id: 'ResetPassword' }),
    },
    refusals: ['ACCOUNT_NOT_FOUND', 'SIGN_IN_BUSY'],
    handle: async ({ params: { accountId }, signedIn, audit, transact, requestId }) => {
      if (accountId === signedIn.accountId) throw new MagamError('FORBIDDEN');
      const given = newOneTimePassword();
      const passwordHash = await passwords.hash(given);
      return transact(async (tx) => {
        const former = found(await lockAccount(tx, accountId), 'ACCOUNT_NOT_FOUND');
        const hours = config.accounts.oneTimePasswordHours;
        await giveToAccount(tx, accountId, { passwordHash, hours, givenBy: signedIn.accountId });
        await withdrawLinks(tx, 'RESET', accountId);
        await endSessions(tx, accountId, 'PASSWORD_CHANGED');
        // Somebody who knew the old password may have made keys with it, and a new password alone would not end them.
        const apiKeysRevoked = await revokeApiKeysOf(tx, accountId, signedIn.accountId);
        await audit(tx, 'account.reset-password', ['account', accountId], {
          before: { passwordChangeNeeded: former.passwordOneTime },
          after: { passwordChangeNeeded: true, apiKeysRevoked },
        });
        const payload = { accountId, givenBy: signedIn.accountId, apiKeysRevoked };
        await recordEvents(tx, [{ type: 'account.one-time-password-given', payload, requestId }]);
        const account = (await readAccount(tx, accountId)) ?? former;
        return ok({ account: accountBody(account), oneTimePassword: given }, account.version);
      });
    },
  });
