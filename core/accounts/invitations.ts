/** Staff and sellers are invited: the link in the mail proves the address, its receiver chooses the password, and the role comes with it. */
import type { Db, Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { recordEvents } from '../outbox/record-events.js';
import { mayInvite } from './rules/account.js';
import {
  type Account,
  insertAccount,
  lockAccountByEmail,
  proveEmail,
  readAccount,
  readAccountByEmail,
  updateAccount,
} from './stores/account.js';
import { endSessions } from './stores/account-session.js';
import {
  endInvitation,
  type Invitation,
  insertInvitation,
  lockInvitation,
  type NewInvitation,
  openRolesOf,
  readInvitation,
  withdrawInvitationsOf,
} from './stores/invitation.js';
import { readLink, useLink, withdrawLinks } from './stores/one-time-link.js';

/**
 * Invites an address. An earlier invitation of the address is withdrawn, for which the caller must be allowed to give that invitation, too. A buyer's account
 * of that address becomes the invited one when its owner accepts.
 * @returns the invitation; FORBIDDEN; EMAIL_TAKEN where the account already has a role
 */
export async function invite(tx: Tx, made: NewInvitation, requestId: string): Promise<Invitation | Refusal> {
  const account = await readAccountByEmail(tx, made.email);
  if (account !== undefined && account.role !== 'buyer') return refuse('EMAIL_TAKEN');
  const inviter = await readAccount(tx, made.invitedBy);
  for (const role of await openRolesOf(tx, made.email))
    if (inviter === undefined || !mayInvite(inviter.role, role)) return refuse('FORBIDDEN');
  await withdrawInvitationsOf(tx, made.email);
  const invitationId = await insertInvitation(tx, made);
  await recordEvents(tx, [{ type: 'account.invited', payload: { invitationId }, requestId }]);
  return (await readInvitation(tx, invitationId)) ?? refuse('INVITATION_NOT_FOUND');
}

/** The invitation that a link is for; checked before the costly work on a password. Refuses with LINK_INVALID. */
export async function invitationOfLink(db: Db, token: string): Promise<Invitation | Refusal> {
  const invitationId = await readLink(db, 'INVITE', sha256(token));
  const invitation = invitationId === undefined ? undefined : await readInvitation(db, invitationId);
  return invitation === undefined || !(await stands(db, invitation)) ? refuse('LINK_INVALID') : invitation;
}

/** The invitation is open and in time, and its inviter may still give it. */
async function stands(db: Db, { status, expired, invitedBy, role }: Invitation): Promise<boolean> {
  const inviter = await readAccount(db, invitedBy);
  return status === 'OPEN' && !expired && inviter?.status === 'ACTIVE' && mayInvite(inviter.role, role);
}

/**
 * Uses up the link and makes the account. Where the address has a buyer's account, that gets the role and the password, and its sessions end.
 * @returns the account's id; LINK_INVALID, ACCOUNT_LOCKED or EMAIL_TAKEN
 */
export async function acceptInvitation(tx: Tx, token: string, passwordHash: string): Promise<number | Refusal> {
  const hash = sha256(token);
  const invitationId = await readLink(tx, 'INVITE', hash);
  const invitation = invitationId === undefined ? undefined : await lockInvitation(tx, invitationId);
  if (invitation === undefined || !(await stands(tx, invitation)) || !(await useLink(tx, 'INVITE', hash)))
    return refuse('LINK_INVALID');
  const accountId = await giveRole(tx, invitation, passwordHash);
  if (isRefusal(accountId)) return accountId;
  await endInvitation(tx, invitation.invitationId, 'ACCEPTED', accountId);
  await withdrawLinks(tx, 'INVITE', invitation.invitationId);
  return accountId;
}

async function giveRole(tx: Tx, invitation: Invitation, passwordHash: string): Promise<number | Refusal> {
  const { email, displayName, phone, role, sellerId, invitedBy: accessGivenBy } = invitation;
  const there: Account | undefined = await lockAccountByEmail(tx, email);
  if (there === undefined)
    return insertAccount(tx, {
      email,
      displayName,
      phone,
      role,
      sellerId,
      passwordHash,
      emailProven: true,
      accessGivenBy,
    });
  if (there.status === 'LOCKED') return refuse('ACCOUNT_LOCKED');
  if (there.role !== 'buyer') return refuse('EMAIL_TAKEN');
  const { accountId } = there;
  await updateAccount(tx, accountId, {
    role,
    sellerId,
    displayName,
    passwordHash,
    passwordOneTime: false,
    accessGivenBy,
  });
  await proveEmail(tx, accountId);
  await endSessions(tx, accountId, 'ROLE_CHANGED');
  return accountId;
}
