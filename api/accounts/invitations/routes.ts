/** Routes of invitations. */
import type { Route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { acceptOwnInvitation } from './accept-invitation.js';
import { inviteSomebody, inviteToSeller } from './invite.js';
import { findInvitations, withdrawInvitation } from './read-invitations.js';

export const invitationRoutes = (accounts: AccountsContext): Route[] => [
  inviteSomebody(accounts),
  inviteToSeller(accounts),
  findInvitations(accounts),
  withdrawInvitation(),
  acceptOwnInvitation(accounts),
];
