/** POST /v1/invitations and POST /v1/sellers/{sellerId}/accounts */
import * as z from 'zod';
import { invite } from '../../../core/accounts/invitations.js';
import { mayInvite } from '../../../core/accounts/rules/account.js';
import type { NewInvitation } from '../../../core/accounts/stores/invitation.js';
import { readSeller } from '../../../core/accounts/stores/seller.js';
import { MagamError } from '../../../kernel/errors.js';
import { decided, found } from '../../../kernel/outcome.js';
import { externalId, text } from '../../edge/fields.js';
import { created } from '../../edge/reply.js';
import { type Call, type Route, route } from '../../edge/route.js';
import { newEmail, phone } from '../account-fields.js';
import type { AccountsContext } from '../context.js';
import { sellerParams } from '../sellers/seller-fields.js';
import { invitationBody, invitationSchema, invitedRole } from './invitation-fields.js';

const person = { email: newEmail, displayName: text(100), phone: phone.optional() };

const described =
  'The address gets a mail with a link, on which the invited person chooses a password. The role is given at that moment, so only to an address whose owner receives the mail. ' +
  'If the address has a buyer’s account, that account becomes the invited one. An earlier invitation of the address is withdrawn.';

export const inviteSomebody = (accounts: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/invitations',
    operationId: 'inviteAccount',
    tag: 'Accounts',
    summary: 'Invite staff or a seller',
    description: `${described} Operators invite sellers, admins everybody.`,
    permission: 'account.invite',
    idempotent: true,
    body: z
      .strictObject({ ...person, role: invitedRole, sellerId: externalId.optional() })
      .refine((body) => (body.role === 'seller') === (body.sellerId !== undefined), {
        path: ['sellerId'],
        message: 'is required with the role seller, and only allowed with it',
      })
      .meta({ id: 'NewInvitation' }),
    example: { email: 'haneul@example.com', displayName: '김하늘', role: 'seller', sellerId: 'seller-000001' },
    answer: { status: 201, description: 'The invitation; its mail is on its way.', schema: invitationSchema },
    refusals: ['SELLER_NOT_FOUND', 'EMAIL_TAKEN', 'INVITATION_NOT_FOUND'],
    handle: (call) => invited(accounts, call, call.body),
  });

export const inviteToSeller = (accounts: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers/{sellerId}/accounts',
    operationId: 'inviteSellerAccount',
    tag: 'Sellers',
    summary: 'Invite a person to a seller',
    description: described,
    permission: 'seller.edit',
    idempotent: true,
    params: sellerParams,
    body: z.strictObject(person).meta({ id: 'NewSellerAccount' }),
    example: { email: 'hanbit@example.com', displayName: '한빛서점' },
    answer: { status: 201, description: 'The invitation; its mail is on its way.', schema: invitationSchema },
    refusals: ['SELLER_NOT_FOUND', 'EMAIL_TAKEN', 'INVITATION_NOT_FOUND'],
    handle: (call) => invited(accounts, call, { ...call.body, role: 'seller', sellerId: call.params.sellerId }),
  });

type Invited = Pick<NewInvitation, 'email' | 'displayName' | 'role'> & {
  readonly phone?: string | undefined;
  readonly sellerId?: string | undefined;
};

async function invited(
  { config }: AccountsContext,
  {
    signedIn,
    requestId,
    audit,
    transact,
  }: Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'requestId' | 'audit' | 'transact'>,
  { email, displayName, role, phone: given = undefined, sellerId: business }: Invited,
) {
  if (!mayInvite(signedIn.role, role)) throw new MagamError('FORBIDDEN');
  const sellerId = business ?? null;
  return transact(async (tx) => {
    if (sellerId !== null) found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND');
    const made = { email, displayName, phone: given ?? null, role, sellerId, invitedBy: signedIn.accountId };
    const invitation = decided(await invite(tx, { ...made, hours: config.accounts.invitationHours }, requestId));
    await audit(tx, 'account.invite', ['invitation', invitation.invitationId], {
      before: null,
      after: { email, displayName, role, sellerId, expiresAt: invitation.expiresAt },
    });
    return created('/v1/invitations', invitationBody(invitation));
  });
}
