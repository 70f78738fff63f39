/** Accounts: names to sign in with, passwords, what ends a sign-in, who may lock whom. */
import type { Role } from '../../../kernel/access.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { isCommonPassword } from './common-password.js';

export const ACCOUNT_STATUSES = ['ACTIVE', 'LOCKED'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** Why a session ended before its time. */
export type SessionEnd = 'SIGNED_OUT' | 'PASSWORD_CHANGED' | 'STOLEN' | 'LOCKED' | 'ROLE_CHANGED';

export const SIGN_IN_OUTCOMES = [
  'SIGNED_IN',
  'WRONG_PASSWORD',
  'UNKNOWN_NAME',
  'ACCOUNT_LOCKED',
  'PASSWORD_CHANGE_NEEDED',
  'PASSWORD_EXPIRED',
  'SECOND_FACTOR_NEEDED',
  'SECOND_FACTOR_WRONG',
] as const;
export type SignInOutcome = (typeof SIGN_IN_OUTCOMES)[number];

const EMAIL_MAX = 254; // RFC 5321, 4.5.3.1.3: a path of 256 without its angle brackets
const LOCAL_PART_MAX = 64;
const EMAIL =
  /^[^\s@\p{C}\p{DI}"(),:;<>[\]\\]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{N}\p{M}-]{2,63}$/u;

/**
 * An e-mail address as it is stored and compared: compatibility forms folded (NFKC: full-width letters, ligatures), trimmed, lower case. What stands
 * after a plus sign is kept: `a+b@x.kr` and `a@x.kr` are two accounts. Undefined when it is not an address.
 */
export function normaliseEmail(text: string): string | undefined {
  if (text.length > 2 * EMAIL_MAX) return undefined;
  const email = foldEmail(text);
  const localPart = email.slice(0, email.lastIndexOf('@'));
  if (email.length > EMAIL_MAX || localPart.length > LOCAL_PART_MAX) return undefined;
  return EMAIL.test(email) ? email : undefined;
}

/** The same folding for the beginning of an address: what lists are searched by. */
export const foldEmail = (text: string): string => text.normalize('NFKC').trim().toLowerCase().normalize('NFKC');

/** The mailbox that an address leads to, where its provider ignores what follows a plus: mails are counted by it. */
export const mailboxOf = (email: string): string => foldEmail(email).replace(/^([^+@]+)\+[^@]*@/, '$1@');

const PASSWORD_MIN = 12;
const PASSWORD_MAX = 128;

/** A password as it is hashed: NFKC, so that Hangul typed on a machine that decomposes it is the same (NIST SP 800-63B, 5.1.1.2). */
export const foldPassword = (password: string): string => password.normalize('NFKC');

/**
 * Whether somebody may take this password: 12 to 128 characters, not the e-mail address, not one of the 10,000 most common, dressed up or not. No
 * rule asks for kinds of characters (NIST SP 800-63B, 5.1.1.2). Refuses with PASSWORD_WEAK and its reason.
 */
export function checkPassword(password: string, email: string): Refusal | undefined {
  const folded = foldPassword(password).toLowerCase();
  const characters = [...folded];
  const weak = (reason: string): Refusal => refuse('PASSWORD_WEAK', { reason });
  if (characters.length < PASSWORD_MIN) return weak('TOO_SHORT');
  if (characters.length > PASSWORD_MAX) return weak('TOO_LONG');
  if (folded === email || folded === email.split('@')[0]) return weak('SAME_AS_EMAIL');
  if (isCommonPassword(folded)) return weak('COMMON');
  return undefined;
}

/** The same of a password that replaces another one (its reason may be UNCHANGED). */
export function checkNewPassword(password: string, email: string, former: string): Refusal | undefined {
  if (foldPassword(password) === foldPassword(former)) return refuse('PASSWORD_WEAK', { reason: 'UNCHANGED' });
  return checkPassword(password, email);
}

/** Whether somebody of this role may invite somebody to that one: operators invite sellers, admins everybody. */
export const mayInvite = (actor: Role, role: Role): boolean =>
  actor === 'admin' || (actor === 'operator' && role === 'seller');

/** Whether somebody of this role may lock and unlock an account of that one: operators not an admin's. */
export const mayLock = (actor: Role, target: Role): boolean => actor === 'admin' || target !== 'admin';
