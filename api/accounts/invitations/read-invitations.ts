/** GET /v1/invitations and DELETE /v1/invitations/{invitationId} */
import * as z from 'zod';
import { mayInvite } from '../../../core/accounts/rules/account.js';
import { endInvitation, listInvitations, lockInvitation } from '../../../core/accounts/stores/invitation.js';
import { withdrawLinks } from '../../../core/accounts/stores/one-time-link.js';
import { MagamError } from '../../../kernel/errors.js';
import { found } from '../../../kernel/outcome.js';
import type { ApiContext } from '../../context.js';
import { paged, pageOf, pageQuery } from '../../edge/cursor.js';
import { id, idText } from '../../edge/fields.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { invitationBody, invitationSchema } from './invitation-fields.js';

export const findInvitations = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/invitations',
    operationId: 'listInvitations',
    tag: 'Accounts',
    summary: 'List invitations',
    description: 'Newest first.',
    permission: 'account.invite',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of invitations.', schema: pageOf(invitationSchema) },
    handle: ({ query }) =>
      paged(query, {
        name: 'invitations',
        key: z.tuple([id]),
        read: (before, limit) => listInvitations(db, before?.[0], limit),
        keyOf: ({ invitationId }) => [invitationId],
        itemOf: invitationBody,
      }),
  });

export const withdrawInvitation = (): Route =>
  route({
    method: 'delete',
    path: '/v1/invitations/{invitationId}',
    operationId: 'withdrawInvitation',
    tag: 'Accounts',
    summary: 'Withdraw an invitation',
    description: 'Its link is no longer valid. Operators can withdraw the invitations of sellers.',
    permission: 'account.invite',
    params: z.strictObject({ invitationId: idText.meta({ description: 'The invitation.' }) }),
    answer: { status: 204, description: 'The invitation is withdrawn.' },
    refusals: ['INVITATION_NOT_FOUND'],
    handle: async ({ params: { invitationId }, signedIn, audit, transact }) =>
      transact(async (tx) => {
        const invitation = found(await lockInvitation(tx, invitationId), 'INVITATION_NOT_FOUND');
        if (!mayInvite(signedIn.role, invitation.role)) throw new MagamError('FORBIDDEN');
        if (invitation.status !== 'OPEN') throw new MagamError('INVITATION_NOT_FOUND');
        await endInvitation(tx, invitationId, 'WITHDRAWN');
        await withdrawLinks(tx, 'INVITE', invitationId);
        await audit(tx, 'account.withdraw-invitation', ['invitation', invitationId], {
          before: { status: 'OPEN' },
          after: { status: 'WITHDRAWN' },
        });
        return noContent();
      }),
  });
