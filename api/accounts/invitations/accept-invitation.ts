/** POST /v1/invitations/acceptance */
import * as z from 'zod';
import { acceptInvitation, invitationOfLink } from '../../../core/accounts/invitations.js';
import { checkPassword } from '../../../core/accounts/rules/account.js';
import { readAccount } from '../../../core/accounts/stores/account.js';
import { recordAudit } from '../../../infra/stores/audit-log.js';
import { decided, found } from '../../../kernel/outcome.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { accountBody, accountSchema, linkToken, newPassword } from '../account-fields.js';
import type { AccountsContext } from '../context.js';

export const acceptOwnInvitation = ({ db, passwords, limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/invitations/acceptance',
    operationId: 'acceptInvitation',
    tag: 'Accounts',
    summary: 'Accept an invitation with the link that was mailed',
    description:
      'The password is the account’s from now on. An existing second factor stays. An invitation also ends when the inviting account is locked or may no longer give such an invitation.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ token: linkToken, newPassword }).meta({ id: 'InvitationAcceptance' }),
    example: { token: 'the token of the link in the mail', newPassword: 'autumn reading weather' },
    answer: { status: 200, etag: true, description: 'The account; now sign in.', schema: accountSchema },
    refusals: ['LINK_INVALID', 'PASSWORD_WEAK', 'EMAIL_TAKEN', 'ACCOUNT_LOCKED', 'ACCOUNT_NOT_FOUND', 'SIGN_IN_BUSY'],
    before: limits.link,
    handle: async ({ body, requestId, transact }) => {
      const invitation = decided(await invitationOfLink(db, body.token));
      decided(checkPassword(body.newPassword, invitation.email));
      const passwordHash = await passwords.hash(body.newPassword);
      return transact(async (tx) => {
        const accountId = decided(await acceptInvitation(tx, body.token, passwordHash));
        const account = found(await readAccount(tx, accountId), 'ACCOUNT_NOT_FOUND');
        const { role, sellerId } = account;
        await recordAudit(tx, {
          caller: { accountId, role, sellerId },
          requestId,
          action: 'account.accept-invitation',
          subjectType: 'account',
          subjectId: String(accountId),
          before: null,
          after: { role, sellerId, invitationId: invitation.invitationId, invitedBy: invitation.invitedBy },
        });
        return ok(accountBody(account), account.version);
      });
    },
  });
