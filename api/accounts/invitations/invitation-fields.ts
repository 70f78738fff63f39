/** Invitations in answers. Only the mail has the link. */
import * as z from 'zod';
import { INVITATION_STATUSES, type Invitation } from '../../../core/accounts/stores/invitation.js';
import { externalId, id, moment } from '../../edge/fields.js';

export const invitedRole = z.enum(['seller', 'operator', 'admin']);

export const invitationSchema = z
  .object({
    invitationId: id,
    email: z.string().meta({ example: 'kim@example.com' }),
    displayName: z.string(),
    role: invitedRole,
    sellerId: externalId.nullable(),
    status: z.enum([...INVITATION_STATUSES, 'EXPIRED']),
    invitedBy: id.meta({ description: 'The account that has invited.' }),
    accountId: id.nullable().meta({ description: 'The account that has accepted.' }),
    createdAt: moment,
    expiresAt: moment,
  })
  .meta({ id: 'Invitation' });

export const invitationBody = (invitation: Invitation): z.input<typeof invitationSchema> => {
  const { phone: _phone, expired, status, ...shown } = invitation;
  return { ...shown, status: status === 'OPEN' && expired ? 'EXPIRED' : status };
};
