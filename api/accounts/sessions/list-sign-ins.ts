/** GET /v1/me/sign-ins */
import * as z from 'zod';
import { SIGN_IN_OUTCOMES } from '../../../core/accounts/rules/account.js';
import { listSignIns } from '../../../core/accounts/stores/sign-in.js';
import type { ApiContext } from '../../context.js';
import { paged, pageOf, pageQuery } from '../../edge/cursor.js';
import { id, moment } from '../../edge/fields.js';
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

export const listOwnSignIns = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me/sign-ins',
    operationId: 'listMySignIns',
    tag: 'Signing in',
    summary: 'List sign-ins, and failed tries, with my address',
    description: 'Newest first; kept for 180 days.',
    permission: 'profile.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of the history.', schema: pageOf(signInSchema) },
    handle: ({ query, signedIn }) =>
      paged(query, {
        name: 'me/sign-ins',
        key: z.tuple([id]),
        read: (before, limit) => listSignIns(db, signedIn.accountId, before?.[0], limit),
        keyOf: ({ signInId }) => [signInId],
      }),
  });
