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
    tag: 'Accounts',
    summary: 'Have a link for a new password mailed',
    description:
      'The answer is the same whether there is an account or not. Three mails an hour to one address; what is beyond is answered the same and not sent.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ email: newEmail }).meta({ id: 'PasswordResetRequest' }),
    answer: { status: 204, description: 'Where there is an account, the mail is on its way.' },
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
    tag: 'Accounts',
    summary: 'Set a new password by the link that was mailed',
    description:
      'The address counts as proven, every session ends, and a one-time password ends with them. A second factor stays: a sign-in needs its code as before.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ token: linkToken, newPassword }).meta({ id: 'PasswordReset' }),
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
