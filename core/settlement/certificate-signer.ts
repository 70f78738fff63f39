/**
 * Which key may sign a certificate. Once certificates are signed, none is written without the key, and a new key follows only when it is among the trusted
 * ones.
 */
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { publicKeyOf } from '../../infra/signing.js';
import { MagamError } from '../../kernel/errors.js';
import { readSigningKeys, type SigningKey } from './stores/certificate-chain.js';

export type KeySettings = Pick<Config, 'signingKeyPem' | 'trustedKeys'>;

export interface Signer {
  /** SPKI, base64; null: certificates are not signed. */
  readonly publicKey: string | null;
  /** The key signs for the first time. */
  readonly isNew: boolean;
}

/**
 * The key that signs the next certificate. Throws SIGNING_KEY_MISSING when certificates are signed with a key that this process does not have. A new key
 * follows only where it and the previous one are among the trusted keys, and where trusted keys are named the first key is one of them.
 */
export async function requireSigner(db: Db, { signingKeyPem, trustedKeys }: KeySettings): Promise<Signer> {
  const keys = await readSigningKeys(db);
  const current = keys.at(-1)?.publicKey;
  const publicKey = signingKeyPem === null ? null : publicKeyOf(signingKeyPem);
  const trusts = (key: string): boolean => trustedKeys?.includes(key) === true;
  if (publicKey === current) return { publicKey, isNew: false };
  if (current === undefined) {
    if (publicKey !== null && trustedKeys !== null && !trusts(publicKey))
      throw new MagamError('SIGNING_KEY_MISSING', 'The signing key is not among the keys that this process trusts.', {
        given: publicKey,
      });
    return { publicKey, isNew: publicKey !== null };
  }
  const retired = keys.some((key) => key.publicKey === publicKey);
  if (publicKey === null || retired || !trusts(current) || !trusts(publicKey)) {
    throw new MagamError('SIGNING_KEY_MISSING', undefined, { expected: current, given: publicKey, retired });
  }
  return { publicKey, isNew: true };
}

/** The key that a certificate of this number must be signed with; undefined before signing began. */
export const keyInForce = (keys: readonly SigningKey[], sequence: number): string | undefined =>
  keys.findLast(({ since }) => since <= sequence)?.publicKey;
