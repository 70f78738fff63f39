/** Signing in: a name and a password give a session with its first pair of tokens. */
import { createHmac } from 'node:crypto';
import { beginSession } from '../../../core/accounts/begin-session.js';
import { checkNewPassword, normaliseEmail, type SignInOutcome } from '../../../core/accounts/rules/account.js';
import { useSecondFactor } from '../../../core/accounts/second-factor.js';
import {
  type Account,
  lockAccount,
  readAccount,
  readAccountByEmail,
  replacePasswordHash,
  updateAccount,
} from '../../../core/accounts/stores/account.js';
import { type Device, endSessions } from '../../../core/accounts/stores/account-session.js';
import { insertSignIn } from '../../../core/accounts/stores/sign-in.js';
import { inTransaction, type Tx } from '../../../infra/database.js';
import { recordAudit } from '../../../infra/stores/audit-log.js';
import { isStaff } from '../../../kernel/access.js';
import { type ErrorCode, MagamError } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import type { AccountsContext } from '../context.js';

export interface Credentials {
  /** As typed. */
  readonly email: string;
  readonly password: string;
  /** Replaces the password; required if the password was given for one sign-in only. */
  readonly newPassword?: string | undefined;
  /** The code of the second factor, if the account has one. */
  readonly code?: string | undefined;
  readonly device: Device;
  readonly requestId: string;
}

export interface OpenedSession {
  readonly account: Account;
  readonly sessionId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** For the next sign-in from this device; a refresh gives none, and neither does a sign-in with an address that is not proven. */
  readonly deviceToken?: string;
}

type SignInRefusal = 'INVALID_CREDENTIALS' | Exclude<SignInOutcome, 'SIGNED_IN' | 'WRONG_PASSWORD' | 'UNKNOWN_NAME'>;

/** The most times that a password is checked again because the account was changed during the check. */
const CHECKS_MAX = 3;

/** The codes with which opening a session may be refused. */
export const openSessionRefusals = [
  'INVALID_CREDENTIALS',
  'ACCOUNT_LOCKED',
  'PASSWORD_CHANGE_NEEDED',
  'PASSWORD_EXPIRED',
  'SECOND_FACTOR_NEEDED',
  'SECOND_FACTOR_WRONG',
  'PASSWORD_WEAK',
  'SIGN_IN_BUSY',
] as const satisfies readonly ErrorCode[];

/**
 * Checks the credentials and opens a session. Whatever is wrong with name or password, the answer and the time it takes are the same; only callers who know the password are told
 * that the account is locked.
 */
export async function openSession(access: AccountsContext, credentials: Credentials): Promise<OpenedSession> {
  const { db, config, passwords, tokens, devices, limits } = access;
  const { email, password, code, device } = credentials;
  const name = normaliseEmail(email);
  for (let check = 1; check <= CHECKS_MAX; check += 1) {
    const account = name === undefined ? undefined : await readAccountByEmail(db, name);
    const right = await passwords.verify(account?.passwordHash ?? null, password);
    if (account === undefined || !right) return refused(access, credentials, account, 'INVALID_CREDENTIALS');
    const refusal = refusalOf(account, credentials);
    if (refusal !== undefined) return refused(access, credentials, account, refusal);
    if (account.secondFactor) await limits.countCode(account.accountId);
    const renewed = await renewedHash(access, account, credentials);
    const begun = await inTransaction(db, async (tx) => {
      const current = await lockAccount(tx, account.accountId);
      if (current?.passwordHash !== account.passwordHash || current.status !== account.status) return undefined;
      if (account.secondFactor !== current.secondFactor) return undefined;
      if (account.secondFactor && !(await useSecondFactor(tx, config.encryptionKeys, account.accountId, code ?? '')))
        return 'WRONG_CODE';
      if (renewed !== undefined) await renewPassword(tx, account, renewed, credentials);
      const opened = await beginSession(tx, account.accountId, device);
      await insertSignIn(tx, entry(access, credentials, account, 'SIGNED_IN'));
      return opened;
    });
    if (begun === undefined) continue;
    if (begun === 'WRONG_CODE') return refused(access, credentials, account, 'SECOND_FACTOR_WRONG');
    await limits.forgive(device.ip, email, account.accountId);
    const now = (await readAccount(db, account.accountId)) ?? account;
    return {
      account: now,
      ...begun,
      // A person who signed up with somebody else's address must not keep a way around the limit of that name.
      ...(account.emailProven ? { deviceToken: devices.make(account.email, now.passwordHash) } : {}),
      accessToken: await tokens.sign({ accountId: account.accountId, sessionId: begun.sessionId }),
    };
  }
  throw new MagamError('DATABASE_BUSY');
}

/** The refusal for a caller who knows the password. */
function refusalOf(account: Account, { code, newPassword }: Credentials): SignInRefusal | undefined {
  if (account.status === 'LOCKED') return 'ACCOUNT_LOCKED';
  if (account.passwordExpired) return 'PASSWORD_EXPIRED';
  if (account.secondFactor && code === undefined) return 'SECOND_FACTOR_NEEDED';
  return account.passwordOneTime && newPassword === undefined ? 'PASSWORD_CHANGE_NEEDED' : undefined;
}

/** The hash to store instead: that of the new password, or a new hash of the same password if the stored one has former parameters. Throws PASSWORD_WEAK. */
async function renewedHash(
  { passwords }: AccountsContext,
  account: Account,
  { password, newPassword }: Credentials,
): Promise<string | undefined> {
  if (newPassword !== undefined) {
    decided(checkNewPassword(newPassword, account.email, password));
    return passwords.hash(newPassword);
  }
  return passwords.isOutdated(account.passwordHash) ? passwords.hash(password) : undefined;
}

async function renewPassword(tx: Tx, account: Account, hash: string, credentials: Credentials): Promise<void> {
  const { accountId, role, sellerId } = account;
  if (credentials.newPassword === undefined) return replacePasswordHash(tx, accountId, account.passwordHash, hash);
  await updateAccount(tx, accountId, { passwordHash: hash, passwordOneTime: false });
  const ended = await endSessions(tx, accountId, 'PASSWORD_CHANGED');
  if (!isStaff(role)) return;
  await recordAudit(tx, {
    caller: { accountId, role, sellerId },
    requestId: credentials.requestId,
    action: 'profile.change-password',
    subjectType: 'account',
    subjectId: String(accountId),
    before: null,
    after: { sessionsEnded: ended },
  });
}

async function refused(
  access: AccountsContext,
  credentials: Credentials,
  account: Account | undefined,
  code: SignInRefusal,
): Promise<never> {
  const wrong = account === undefined ? 'UNKNOWN_NAME' : 'WRONG_PASSWORD';
  const outcome = code === 'INVALID_CREDENTIALS' ? wrong : code;
  await insertSignIn(access.db, entry(access, credentials, account, outcome));
  throw new MagamError(code);
}

const entry = (
  { config }: AccountsContext,
  { email, device }: Credentials,
  account: Account | undefined,
  outcome: SignInOutcome,
) => ({
  accountId: account?.accountId ?? null,
  nameHash: createHmac('sha256', config.tokenKey)
    .update(`sign-in name:${normaliseEmail(email) ?? email}`)
    .digest('hex'),
  device,
  outcome,
});
