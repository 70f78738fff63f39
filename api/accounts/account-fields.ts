/** Schemas of the fields that accounts and sessions share. */
import * as z from 'zod';
import { ACCOUNT_STATUSES, normaliseEmail } from '../../core/accounts/rules/account.js';
import type { Account } from '../../core/accounts/stores/account.js';
import { ROLES } from '../../kernel/access.js';
import { externalId, id, moment } from '../edge/fields.js';

/** The address of a new account; the handler gets it normalised. */
export const newEmail = z
  .string()
  .max(500)
  .transform((text, context) => {
    const email = normaliseEmail(text);
    if (email !== undefined) return email;
    context.addIssue({ code: 'custom', message: 'must be an e-mail address' });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    format: 'email',
    description: 'Capitals, full-width letters and spaces around it make no difference; text after a plus sign does.',
    example: 'kim@example.com',
  });

/** A password that the caller proves to know. */
export const password = z.string().min(1).max(1_000).meta({ format: 'password', example: 'autumn reading weather' });

/** A new password; the domain checks its strength (PASSWORD_WEAK). */
export const newPassword = z.string().min(1).max(1_000).meta({
  format: 'password',
  description:
    '12 to 128 characters of any kind; not the e-mail address, and not one of the 10,000 most common passwords.',
  example: 'autumn reading weather',
});

/** A one-time password that staff give out. */
export const oneTimePassword = z.string().meta({
  description:
    'Shown only here. The first sign-in sends it as `password`, together with a password of the owner’s choice as `newPassword`.',
  example: 'kwn7-t3hd-x9mf-p4ry',
});

/** The token of a mailed link: the text behind its `#`. */
export const linkToken = z.string().min(1).max(200).meta({ description: 'The text behind the `#` of the link.' });

/** A code of the device that makes them, or a recovery code. */
export const secondFactorCode = z
  .string()
  .min(1)
  .max(100)
  .meta({ description: 'Six digits of the device, or a recovery code.', example: '492039' });

export const phone = z
  .string()
  .trim()
  .regex(/^\+?\d(?:[ -]?\d){6,17}$/, 'must be digits, optionally with +, spaces and hyphens')
  .max(24)
  .meta({ type: 'string', example: '+82 10-1234-5678' });

export const role = z.enum(ROLES);
export const accountStatus = z.enum(ACCOUNT_STATUSES);

/** An account as its owner and staff see it. */
export const accountSchema = z
  .object({
    accountId: id,
    email: z.string().meta({ example: 'kim@example.com' }),
    displayName: z.string().meta({ example: '김철수' }),
    phone: z.string().nullable(),
    role,
    sellerId: externalId.nullable().meta({ description: 'The business that a seller acts for; null for other roles.' }),
    status: accountStatus,
    passwordChangeNeeded: z
      .boolean()
      .meta({ description: 'The password was given by somebody else; the first sign-in has to replace it.' }),
    emailProven: z.boolean().meta({ description: 'The owner has proven that they receive mail at the address.' }),
    secondFactor: z.boolean().meta({ description: 'A sign-in also needs a code.' }),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Account' });

export const accountBody = (account: Account): z.input<typeof accountSchema> => ({
  accountId: account.accountId,
  email: account.email,
  displayName: account.displayName,
  phone: account.phone,
  role: account.role,
  sellerId: account.sellerId,
  status: account.status,
  passwordChangeNeeded: account.passwordOneTime,
  emailProven: account.emailProven,
  secondFactor: account.secondFactor,
  createdAt: account.createdAt,
  updatedAt: account.updatedAt,
});
