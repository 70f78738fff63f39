/** Second factors: codes that a device makes of a shared secret (TOTP, RFC 6238), and recovery codes for people who have lost the device. */
import { generateSecret, generateURI, verify } from 'otplib';
import type { Tx } from '../../infra/database.js';
import { decrypt, encrypt } from '../../infra/encryption.js';
import type { EncryptedColumn } from '../../infra/key-rotation.js';
import { sha256 } from '../../infra/sha256.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { recordEvents } from '../outbox/record-events.js';
import { newOneTimePassword } from './one-time-password.js';
import { lockAccount, updateAccount } from './stores/account.js';
import { endSessions } from './stores/account-session.js';
import {
  confirmSecondFactor,
  deleteSecondFactor,
  putSecondFactor,
  readSecondFactor,
  replaceRecoveryCodes,
  type StoredSecondFactor,
  useRecoveryCode,
  useStep,
} from './stores/second-factor.js';

/** What the authenticator's list shows beside the address. */
const ISSUER = 'Magam';
/** A code is valid for its 30 s and the 30 s before and after, because clocks differ. */
const TOLERANCE_SECONDS = 30;
const RECOVERY_CODES = 10;
const TOTP = /^\d{6}$/;

/** A ciphertext that is copied to another account cannot be read there. */
const placeOf = (accountId: number): string => `account.second_factor:${accountId}`;

/** Where the secrets stand. */
export const SECOND_FACTORS: EncryptedColumn = {
  name: 'second factors',
  table: 'account_second_factor',
  primaryKey: 'account_id',
  sealed: 'sealed',
  keyId: 'key_id',
  boundBy: 'account_id',
  placeOf: (accountId) => placeOf(Number(accountId)),
};

export interface EnrolledSecret {
  /** Base32. */
  readonly secret: string;
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string;
}

/** Gives an account a secret, which is in force once a first code was right. The caller has locked the account. */
export async function beginSecondFactor(
  tx: Tx,
  key: Buffer,
  { accountId, email }: { readonly accountId: number; readonly email: string },
): Promise<EnrolledSecret> {
  const secret = generateSecret();
  await putSecondFactor(tx, accountId, encrypt(key, secret, placeOf(accountId)));
  return { secret, uri: generateURI({ issuer: ISSUER, label: email, secret }) };
}

interface Confirming {
  readonly accountId: number;
  readonly sessionId: string;
  readonly code: string;
  readonly requestId: string;
}

/**
 * Turns the second factor on, after a first code. The account's other sessions end, because they were opened without it.
 * @returns the recovery codes, which are shown only now; SECOND_FACTOR_MISSING, SECOND_FACTOR_EXISTS or SECOND_FACTOR_WRONG
 */
export async function turnSecondFactorOn(
  tx: Tx,
  keys: readonly Buffer[],
  { accountId, sessionId, code, requestId }: Confirming,
): Promise<readonly string[] | Refusal> {
  await lockAccount(tx, accountId);
  const stored = await readSecondFactor(tx, accountId);
  if (stored === undefined) return refuse('SECOND_FACTOR_MISSING');
  if (stored.confirmed) return refuse('SECOND_FACTOR_EXISTS');
  if (!(await useTotp(tx, keys, accountId, stored, code))) return refuse('SECOND_FACTOR_WRONG');
  await confirmSecondFactor(tx, accountId);
  await updateAccount(tx, accountId, { secondFactor: true });
  await endSessions(tx, accountId, 'SIGNED_OUT', sessionId);
  await told(tx, accountId, 'SECOND_FACTOR_ON', requestId);
  return giveRecoveryCodes(tx, accountId);
}

/** Removes the second factor and its recovery codes. The caller has locked the account. */
export async function turnSecondFactorOff(tx: Tx, accountId: number, requestId: string): Promise<void> {
  await deleteSecondFactor(tx, accountId);
  await updateAccount(tx, accountId, { secondFactor: false });
  await told(tx, accountId, 'SECOND_FACTOR_OFF', requestId);
}

/** New recovery codes in place of the former ones. The caller has locked the account. */
export async function renewRecoveryCodes(tx: Tx, accountId: number, requestId: string): Promise<readonly string[]> {
  await told(tx, accountId, 'RECOVERY_CODES', requestId);
  return giveRecoveryCodes(tx, accountId);
}

/** Uses up a code of the device or a recovery code. False when it is wrong or was used before. The caller has locked the account. */
export async function useSecondFactor(
  tx: Tx,
  keys: readonly Buffer[],
  accountId: number,
  typed: string,
): Promise<boolean> {
  const code = typed.replace(/\s/g, '').toLowerCase();
  const stored = await readSecondFactor(tx, accountId);
  if (stored?.confirmed !== true) return false;
  if (TOTP.test(code)) return useTotp(tx, keys, accountId, stored, code);
  return useRecoveryCode(tx, accountId, recoveryHash(accountId, code));
}

/** Uses up a code of the device. Its time step is stored, so that neither it nor an older code is accepted again. */
async function useTotp(
  tx: Tx,
  keys: readonly Buffer[],
  accountId: number,
  stored: StoredSecondFactor,
  code: string,
): Promise<boolean> {
  if (!TOTP.test(code)) return false;
  const secret = decrypt(keys, stored, placeOf(accountId));
  const checked = await verify({ secret, token: code, epochTolerance: TOLERANCE_SECONDS });
  if (!checked.valid || !('timeStep' in checked)) return false;
  return useStep(tx, accountId, checked.timeStep);
}

async function giveRecoveryCodes(tx: Tx, accountId: number): Promise<readonly string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, newOneTimePassword);
  await replaceRecoveryCodes(
    tx,
    accountId,
    codes.map((code) => recoveryHash(accountId, code)),
  );
  return codes;
}

const recoveryHash = (accountId: number, code: string): string =>
  sha256(`recovery code\0${accountId}\0${code.replaceAll('-', '')}`);

const told = (
  tx: Tx,
  accountId: number,
  change: 'SECOND_FACTOR_ON' | 'SECOND_FACTOR_OFF' | 'RECOVERY_CODES',
  requestId: string,
): Promise<void> => recordEvents(tx, [{ type: 'account.security-changed', payload: { accountId, change }, requestId }]);
