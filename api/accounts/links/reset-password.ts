/** POST /v1/password-resets and POST /v1/password-resets/completion */
import * as z from 'zod';
import { accountOfLink, resetPassword } from '../../../core/accounts/prove-address.js';
import { checkPassword } from '../../../core/accounts/rules/account.js';
import { recordEvents } from '../../../core/outbox/record-events.js';
import { recordAudit } from '../../../infra/stores/audit-log.js';
import { isStaff } from '../../../kernel/access.js';
import { decided } from '../../../kernel/outcome.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { linkToken, newEmail, newPassword } from '../account-fields.js';
import type { AccountsContext } from '../context.js';

export const askForReset = ({ limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/password-resets',
    operationId: 'requestPasswordReset',
    tag: 'Accounts',
    summary: 'Mail a link for setting a new password',
    description:
      'The answer is the same whether there is an account or not. Three mails an hour are sent to one address; further calls get the same answer, and nothing is sent.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ email: newEmail }).meta({ id: 'PasswordResetRequest' }),
    example: { email: 'buyer1@magam.example' },
    answer: { status: 204, description: 'If there is an account, the mail is on its way.' },
    before: limits.link,
    handle: async ({ body: { email }, requestId, transact }) => {
      const within = await limits.mayMail(email);
      return transact(async (tx) => {
        if (within) await recordEvents(tx, [{ type: 'account.reset-wanted', payload: { email }, requestId }]);
        return noContent();
      });
    },
  });

export const completeReset = ({ db, passwords, limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/password-resets/completion',
    operationId: 'resetPassword',
    tag: 'Accounts',
    summary: 'Set a new password with the link that was mailed',
    description:
      'The address then counts as proven, every session ends, and so does a one-time password. A second factor stays: a sign-in needs its code as before.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ token: linkToken, newPassword }).meta({ id: 'PasswordReset' }),
    example: { token: 'the token of the link in the mail', newPassword: 'autumn reading weather' },
    answer: { status: 204, description: 'The password is set; now sign in.' },
    refusals: ['LINK_INVALID', 'PASSWORD_WEAK', 'ACCOUNT_LOCKED', 'SIGN_IN_BUSY'],
    before: limits.link,
    handle: async ({ body, requestId, transact }) => {
      const { accountId, email, role, sellerId } = decided(await accountOfLink(db, 'RESET', body.token));
      decided(checkPassword(body.newPassword, email));
      const passwordHash = await passwords.hash(body.newPassword);
      return transact(async (tx) => {
        const sessionsEnded = decided(await resetPassword(tx, body.token, accountId, passwordHash));
        const payload = { accountId, change: 'PASSWORD_RESET' } as const;
        await recordEvents(tx, [{ type: 'account.security-changed', payload, requestId }]);
        if (isStaff(role))
          await recordAudit(tx, {
            caller: { accountId, role, sellerId },
            requestId,
            action: 'profile.reset-password',
            subjectType: 'account',
            subjectId: String(accountId),
            before: null,
            after: { sessionsEnded },
          });
        return noContent();
      });
    },
  });
