/** Settings of accounts: links in mails, one-time passwords, the second factor, payout accounts. `infra/config.ts` reads them. */
import * as z from 'zod';
import type { Role } from '../kernel/access.js';
import { wholeNumber } from './setting-forms.js';

export interface AccountSettings {
  /** The server's public address, with which the links in mails begin. It has no slash at its end. */
  readonly publicUrl: string;
  /** Hours after which an invitation ends. */
  readonly invitationHours: number;
  /** Hours after which a password that staff gave out ends. */
  readonly oneTimePasswordHours: number;
  /** Roles that may do nothing before they have set up a second factor. */
  readonly secondFactorRoles: readonly Role[];
  /** Hours from the approval of a seller's bank account to the first payout to it. */
  readonly payoutHoldHours: number;
}

const publicUrl = z
  .string()
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return /^https?:$/.test(url?.protocol ?? '') && url?.search === '' && url.hash === '' && url.username === '';
  }, 'must look like https://host or https://host/path')
  .transform((text) => text.replace(/\/+$/, ''));

const WORDS: Readonly<Record<string, readonly Role[]>> = {
  none: [],
  staff: ['operator', 'admin'],
  sellers: ['seller'],
};

/** `none`, or `staff` and `sellers` separated by commas. */
const secondFactorRoles = z.string().transform((text, context) => {
  const words = text.split(',').map((word) => word.trim());
  const known = words.every((word) => Object.hasOwn(WORDS, word));
  if (known && (words.length === 1 || !words.includes('none'))) return words.flatMap((word) => WORDS[word] ?? []);
  context.addIssue({ code: 'custom', message: 'must be none, staff, sellers or staff,sellers' });
  return z.NEVER;
});

export const accountShape = {
  MAGAM_PUBLIC_URL: publicUrl.optional(),
  MAGAM_INVITATION_HOURS: wholeNumber(1, 8_760).default(72),
  MAGAM_ONE_TIME_PASSWORD_HOURS: wholeNumber(1, 8_760).default(24),
  MAGAM_REQUIRE_SECOND_FACTOR: secondFactorRoles.default([]),
  MAGAM_PAYOUT_HOLD_HOURS: wholeNumber(0, 8_760).default(72),
};

type AccountEnv = z.infer<z.ZodObject<typeof accountShape>>;

/** @param port the server's own port, for links on a developer's machine */
export const accountSettings = (env: AccountEnv, port: number): AccountSettings => ({
  publicUrl: env.MAGAM_PUBLIC_URL ?? `http://127.0.0.1:${port}`,
  invitationHours: env.MAGAM_INVITATION_HOURS,
  oneTimePasswordHours: env.MAGAM_ONE_TIME_PASSWORD_HOURS,
  secondFactorRoles: env.MAGAM_REQUIRE_SECOND_FACTOR,
  payoutHoldHours: env.MAGAM_PAYOUT_HOLD_HOURS,
});

/** The missing settings, a sentence for each. */
export function accountFaults(env: AccountEnv & { readonly MAGAM_MAIL_URL?: string | undefined }): string[] {
  return env.MAGAM_MAIL_URL !== undefined && env.MAGAM_PUBLIC_URL === undefined
    ? ['MAGAM_PUBLIC_URL is required with MAGAM_MAIL_URL and NODE_ENV=production: links in mails begin with it']
    : [];
}
