/** DELETE /v1/me/sessions/{sessionId} */
import * as z from 'zod';
import { endSession, readSessionOwner } from '../../../core/accounts/stores/account-session.js';
import { MagamError } from '../../../kernel/errors.js';
import type { ApiContext } from '../../context.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';

export const signOutElsewhere = ({ db }: ApiContext): Route =>
  route({
    method: 'delete',
    path: '/v1/me/sessions/{sessionId}',
    operationId: 'endMySession',
    tag: 'Signing in',
    summary: 'Sign out one of my sessions',
    permission: 'profile.edit',
    params: z.strictObject({
      sessionId: z.uuid().meta({ description: 'The session, as the list of sessions names it.' }),
    }),
    answer: { status: 204, description: 'The session has ended, now or before.' },
    refusals: ['SESSION_NOT_FOUND'],
    handle: async ({ params, signedIn }) => {
      const owner = await readSessionOwner(db, params.sessionId);
      if (owner !== signedIn.accountId) throw new MagamError('SESSION_NOT_FOUND'); // the sessions of other accounts are treated as missing
      await endSession(db, params.sessionId, 'SIGNED_OUT');
      return noContent();
    },
  });
