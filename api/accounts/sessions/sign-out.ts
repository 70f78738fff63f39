/** DELETE /v1/sessions/current */
import { endSession } from '../../../core/accounts/stores/account-session.js';
import type { ApiContext } from '../../context.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';

export const signOut = ({ db }: ApiContext): Route =>
  route({
    method: 'delete',
    path: '/v1/sessions/current',
    operationId: 'signOut',
    tag: 'Signing in',
    summary: 'Sign out',
    description: 'The access token and the refresh token of this session are refused from now on, by every server.',
    permission: 'profile.edit',
    answer: { status: 204, description: 'Signed out.' },
    handle: async ({ signedIn }) => {
      await endSession(db, signedIn.sessionId, 'SIGNED_OUT');
      return noContent();
    },
  });
