/** GET /v1/me/sessions */
import { z } from 'zod';
import { listLiveSessions } from '../../../core/accounts/stores/account-session.js';
import type { ApiContext } from '../../context.js';
import { encodeCursor, momentKey, pageFrom, pageOf, pageQuery, readCursor } from '../../edge/cursor.js';
import { moment } from '../../edge/fields.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';

const sessionSchema = z
  .object({
    sessionId: z.uuid(),
    current: z.boolean().meta({ description: 'The session of the access token that asks.' }),
    userAgent: z.string(),
    ip: z.string().meta({ description: 'Where it was opened or refreshed last.', example: '203.0.113.7' }),
    createdAt: moment,
    refreshedAt: moment,
    expiresAt: moment,
  })
  .meta({ id: 'Session' });

const LIST = 'me/sessions';

export const listSessions = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me/sessions',
    tag: 'Signing in',
    summary: 'List where one is signed in',
    description: 'Newest first.',
    permission: 'profile.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of sessions.', schema: pageOf(sessionSchema) },
    handle: async ({ query, signedIn }) => {
      const key = readCursor(query.cursor, LIST, z.tuple([momentKey, z.uuid()]));
      const after = key === undefined ? undefined : { createdAt: key[0], sessionId: key[1] };
      const rows = await listLiveSessions(db, signedIn.accountId, after, query.limit + 1);
      const page = pageFrom(
        rows,
        query.limit,
        (session) => ({ ...session, current: session.sessionId === signedIn.sessionId }),
        (last) => encodeCursor(LIST, [last.createdAt, last.sessionId]),
      );
      return ok(page);
    },
  });
