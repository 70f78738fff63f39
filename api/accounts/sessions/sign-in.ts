/** POST /v1/sessions */
import * as z from 'zod';
import { created } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { newPassword, password, secondFactorCode } from '../account-fields.js';
import type { AccountsContext } from '../context.js';
import { openSession, openSessionRefusals } from './open-session.js';
import { deviceOf, deviceToken, signedInBody, signedInSchema } from './session-fields.js';

const bodySchema = z
  .strictObject({
    email: z.string().max(500).meta({ example: 'kim@example.com' }),
    password,
    newPassword: newPassword.optional().meta({
      description:
        'Replaces the password; required at the first sign-in with a password that somebody else gave. Ends all other sessions.',
    }),
    code: secondFactorCode.optional(),
    deviceToken: deviceToken.optional(),
  })
  .meta({ id: 'SignIn' });

export const signIn = (access: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/sessions',
    operationId: 'signIn',
    tag: 'Signing in',
    summary: 'Sign in',
    description:
      'Opens a session. An access token lasts 15 minutes, the session 90 days while it is refreshed at least every 30. ' +
      'Ten tries a minute of one name from one address; a successful sign-in resets that count. ' +
      'A device that has signed in before sends its `deviceToken` and is counted separately, so that tries of others cannot keep it out.',
    permission: 'session.open',
    provesIdentity: true,
    body: bodySchema,
    example: { email: 'operator@magam.example', password: 'magam sample password' },
    answer: { status: 201, description: 'Signed in.', schema: signedInSchema },
    refusals: openSessionRefusals,
    before: access.limits.signIn,
    handle: async (call) => {
      const opened = await openSession(access, { ...call.body, device: deviceOf(call), requestId: call.requestId });
      return created(`/v1/me/sessions/${opened.sessionId}`, signedInBody(opened));
    },
  });
