/** POST /v1/sessions/refresh */
import * as z from 'zod';
import { ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { refreshRefusals, refreshSession } from './refresh-session.js';
import { deviceOf, signedInBody, signedInSchema } from './session-fields.js';

export const refresh = (access: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/sessions/refresh',
    operationId: 'refreshSession',
    tag: 'Signing in',
    summary: 'Get new tokens for a refresh token',
    description:
      'A refresh token is valid for one refresh. A token that comes a second time counts as stolen: its session ends for everybody who ' +
      'holds a token of it, even if the same client sent it twice at once. Send no Authorization header.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ refreshToken: z.string().min(1).max(200) }).meta({ id: 'Refresh' }),
    example: { refreshToken: 'the refreshToken of the last answer' },
    answer: { status: 200, description: 'The next pair of tokens.', schema: signedInSchema },
    refusals: refreshRefusals,
    handle: async (call) => ok(signedInBody(await refreshSession(access, call.body.refreshToken, deviceOf(call)))),
  });
