/** Tokens as they are answered. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { ACCESS_TOKEN_SECONDS } from '../../../core/accounts/access-token.js';
import type { Device } from '../../../core/accounts/stores/account-session.js';
import { accountBody, accountSchema } from '../account-fields.js';
import type { OpenedSession } from './open-session.js';

/** The token of a device that has signed in before. */
export const deviceToken = z.string().min(1).max(200).meta({
  description:
    'Keep it on the device, even after signing out, and send it with the next sign-in of the same address. It gives no access by itself. There is none while the address is not proven.',
});

export const signedInSchema = z
  .object({
    accessToken: z.string().meta({ description: 'Send it as `Authorization: Bearer …`.' }),
    tokenType: z.literal('Bearer'),
    expiresIn: z.number().int().meta({ description: 'The lifetime of the access token in seconds.', example: 900 }),
    refreshToken: z
      .string()
      .meta({ description: 'Valid for one refresh, which returns the next one. Keep it secret.' }),
    sessionId: z.uuid(),
    deviceToken: deviceToken.optional(),
    account: accountSchema,
  })
  .meta({ id: 'SignedIn' });

export const signedInBody = (opened: OpenedSession): z.input<typeof signedInSchema> => ({
  accessToken: opened.accessToken,
  tokenType: 'Bearer',
  expiresIn: ACCESS_TOKEN_SECONDS,
  refreshToken: opened.refreshToken,
  sessionId: opened.sessionId,
  ...(opened.deviceToken === undefined ? {} : { deviceToken: opened.deviceToken }),
  account: accountBody(opened.account),
});

/** The source of a call, as the history stores it. Behind a proxy that passes on the client's text, it may not be an address at all. */
export const deviceOf = ({ ip, userAgent }: { readonly ip: string; readonly userAgent: string }): Device => ({
  ip: isIP(ip) === 0 ? '' : ip,
  userAgent,
});
