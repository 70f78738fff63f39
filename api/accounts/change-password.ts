/** PUT /v1/me/password */
import * as z from 'zod';
import { checkNewPassword } from '../../core/accounts/rules/account.js';
import { lockAccount, readAccount, updateAccount } from '../../core/accounts/stores/account.js';
import { endSessions } from '../../core/accounts/stores/account-session.js';
import { withdrawLinks } from '../../core/accounts/stores/one-time-link.js';
import { MagamError } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import { noContent } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { newPassword, password } from './account-fields.js';
import type { AccountsContext } from './context.js';

const bodySchema = z.strictObject({ password, newPassword }).meta({ id: 'PasswordChange' });

export const changePassword = ({ db, passwords, limits }: AccountsContext): Route =>
  route({
    method: 'put',
    path: '/v1/me/password',
    operationId: 'changeMyPassword',
    tag: 'Accounts',
    summary: 'Change the own password',
    description: 'Every other session of the account ends; this one continues. Ten tries a minute.',
    permission: 'profile.edit',
    body: bodySchema,
    example: { password: 'magam sample password', newPassword: 'autumn reading weather' },
    answer: { status: 204, description: 'The password is changed; all other sessions are signed out.' },
    refusals: ['PASSWORD_WRONG', 'PASSWORD_WEAK', 'SIGN_IN_BUSY', 'ACCOUNT_NOT_FOUND'],
    before: limits.passwordChange,
    handle: async ({ body, signedIn, audit, transact }) => {
      const account = found(await readAccount(db, signedIn.accountId), 'ACCOUNT_NOT_FOUND');
      if (!(await passwords.verify(account.passwordHash, body.password))) throw new MagamError('PASSWORD_WRONG');
      decided(checkNewPassword(body.newPassword, account.email, body.password));
      const passwordHash = await passwords.hash(body.newPassword);
      return transact(async (tx) => {
        const current = await lockAccount(tx, account.accountId);
        // The account was changed while the password was checked, so the proof is no longer valid.
        if (current?.passwordHash !== account.passwordHash) throw new MagamError('PASSWORD_WRONG');
        await updateAccount(tx, account.accountId, { passwordHash, passwordOneTime: false });
        await withdrawLinks(tx, 'RESET', account.accountId);
        const ended = await endSessions(tx, account.accountId, 'PASSWORD_CHANGED', signedIn.sessionId);
        await audit(tx, 'profile.change-password', ['account', account.accountId], {
          before: null,
          after: { sessionsEnded: ended },
        });
        return noContent();
      });
    },
  });
