/**
 * POST /v1/oauth/token: signing in by RFC 6749 (password grant, 4.3, and refresh, 6), for tools that use OAuth 2, above all the page of the API. Clients are not registered:
 * client_id, client_secret and unknown parameters are ignored (3.2).
 */
import * as z from 'zod';
import { ACCESS_TOKEN_SECONDS } from '../../../core/accounts/access-token.js';
import { MagamError } from '../../../kernel/errors.js';
import { ok, type Reply } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { type OpenedSession, openSession } from './open-session.js';
import { refreshSession } from './refresh-session.js';
import { deviceOf } from './session-fields.js';

const bodySchema = z
  .object({
    grant_type: z.string().max(100).meta({ description: '`password` or `refresh_token`.', example: 'password' }),
    username: z.string().max(500).optional().meta({ description: 'The e-mail address.' }),
    password: z.string().max(1_000).optional().meta({ format: 'password' }),
    code: z
      .string()
      .max(100)
      .optional()
      .meta({ description: 'The code of the second factor, if the account has one.' }),
    device_token: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'The token of a device that has signed in before.' }),
    refresh_token: z.string().max(200).optional(),
    scope: z
      .string()
      .max(1_000)
      .optional()
      .meta({ description: 'Ignored: what an account may do depends on its role.' }),
    client_id: z.string().max(1_000).optional().meta({ description: 'Ignored.' }),
    client_secret: z.string().max(1_000).optional().meta({ description: 'Ignored.' }),
  })
  .meta({ id: 'OAuthTokenRequest' });

const tokenSchema = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number().int(),
    refresh_token: z.string(),
    device_token: z.string().optional(),
  })
  .meta({ id: 'OAuthToken' });

const errorSchema = z
  .object({
    error: z.enum(['invalid_request', 'invalid_grant', 'unsupported_grant_type']),
    error_description: z.string(),
  })
  .meta({ id: 'OAuthError' });

export const oauthToken = (access: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/oauth/token',
    operationId: 'requestToken',
    tag: 'Signing in',
    summary: 'Sign in or refresh by OAuth 2',
    description:
      'The same sessions, rules and limits as POST /v1/sessions and POST /v1/sessions/refresh, in the form of RFC 6749.',
    permission: 'session.open',
    provesIdentity: true,
    body: bodySchema,
    example: { grant_type: 'password', username: 'operator@magam.example', password: 'magam sample password' },
    bodyType: 'form',
    answer: { status: 200, description: 'The tokens (RFC 6749, 5.1).', schema: tokenSchema },
    otherAnswer: { status: 400, description: 'Refused (RFC 6749, 5.2).', schema: errorSchema },
    refusals: ['SIGN_IN_BUSY'],
    before: access.limits.oauth,
    handle: async (call) => {
      const { grant_type: grant, username, password, code, refresh_token: refreshToken } = call.body;
      const device = deviceOf(call);
      if (grant === 'password') {
        if (username === undefined || password === undefined)
          return oauthError('invalid_request', 'The password grant needs username and password.');
        return granted(() =>
          openSession(access, { email: username, password, code, device, requestId: call.requestId }),
        );
      }
      if (grant === 'refresh_token') {
        if (refreshToken === undefined) return oauthError('invalid_request', 'The refresh needs refresh_token.');
        return granted(() => refreshSession(access, refreshToken, device));
      }
      return oauthError('unsupported_grant_type', 'The grants are password and refresh_token.');
    },
  });

const notGranted: readonly string[] = [
  'INVALID_CREDENTIALS',
  'ACCOUNT_LOCKED',
  'PASSWORD_CHANGE_NEEDED',
  'PASSWORD_EXPIRED',
  'SECOND_FACTOR_NEEDED',
  'SECOND_FACTOR_WRONG',
  'REFRESH_TOKEN_INVALID',
  'REFRESH_TOKEN_REUSED',
];

async function granted(open: () => Promise<OpenedSession>): Promise<Reply<z.input<typeof tokenSchema>>> {
  try {
    const { accessToken, refreshToken, deviceToken } = await open();
    return ok({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN_SECONDS,
      refresh_token: refreshToken,
      ...(deviceToken === undefined ? {} : { device_token: deviceToken }),
    });
  } catch (error) {
    if (!(error instanceof MagamError) || !notGranted.includes(error.code)) throw error;
    return oauthError('invalid_grant', `${error.code}: ${error.message}`);
  }
}

const oauthError = (
  error: z.input<typeof errorSchema>['error'],
  description: string,
): Reply<z.input<typeof tokenSchema>> => ({
  status: 400,
  json: JSON.stringify({ error, error_description: description }),
});
