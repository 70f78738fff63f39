/** GET /v1/me/sign-ins */
import { z } from 'zod';
import { SIGN_IN_OUTCOMES } from '../../../core/accounts/rules/account.js';
import { listSignIns } from '../../../core/accounts/stores/sign-in.js';
import type { ApiContext } from '../../context.js';
import { encodeCursor, pageFrom, pageOf, pageQuery, readCursor } from '../../edge/cursor.js';
import { id, moment } from '../../edge/fields.js';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';

const signInSchema = z
  .object({
    signInId: id,
    outcome: z.enum(SIGN_IN_OUTCOMES),
    ip: z.string().meta({ example: '203.0.113.7' }),
    userAgent: z.string(),
    triedAt: moment,
  })
  .meta({ id: 'SignInTry' });

const LIST = 'me/sign-ins';

export const listOwnSignIns = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me/sign-ins',
    tag: 'Signing in',
    summary: 'List who signed in, or tried to, with the own address',
    description: 'Newest first; kept for 180 days.',
    permission: 'profile.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of the history.', schema: pageOf(signInSchema) },
    handle: async ({ query, signedIn }) => {
      const [before] = readCursor(query.cursor, LIST, z.tuple([id])) ?? [];
      const rows = await listSignIns(db, signedIn.accountId, before, query.limit + 1);
      const page = pageFrom(
        rows,
        query.limit,
        (row) => row,
        (last) => encodeCursor(LIST, [last.signInId]),
      );
      return ok(page);
    },
  });
