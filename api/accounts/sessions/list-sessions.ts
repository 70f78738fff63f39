/** GET /v1/me/sessions */
import * as z from 'zod';
import { listLiveSessions } from '../../../core/accounts/stores/account-session.js';
import type { ApiContext } from '../../context.js';
import { momentKey, paged, pageOf, pageQuery } from '../../edge/cursor.js';
import { moment } from '../../edge/fields.js';
import { type Route, route } from '../../edge/route.js';

const sessionSchema = z
  .object({
    sessionId: z.uuid(),
    current: z.boolean().meta({ description: 'The session of the access token of this call.' }),
    userAgent: z.string(),
    ip: z
      .string()
      .meta({ description: 'The address from which it was last opened or refreshed.', example: '203.0.113.7' }),
    createdAt: moment,
    refreshedAt: moment,
    expiresAt: moment,
  })
  .meta({ id: 'Session' });

export const listSessions = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me/sessions',
    operationId: 'listMySessions',
    tag: 'Signing in',
    summary: 'List my sessions',
    description: 'Newest first.',
    permission: 'profile.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of sessions.', schema: pageOf(sessionSchema) },
    handle: ({ query, signedIn }) =>
      paged(query, {
        name: 'me/sessions',
        key: z.tuple([momentKey, z.uuid()]),
        read: (key, limit) => {
          const after = key && { createdAt: key[0], sessionId: key[1] };
          return listLiveSessions(db, signedIn.accountId, after, limit);
        },
        keyOf: ({ createdAt, sessionId }) => [createdAt, sessionId],
        itemOf: (session) => ({ ...session, current: session.sessionId === signedIn.sessionId }),
      }),
  });
