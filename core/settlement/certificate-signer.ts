/** Who may sign a certificate: once certificates are signed, none is written without the key, and a key is followed by another only knowingly. */
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
 * Who signs the next certificate. Throws SIGNING_KEY_MISSING when certificates are signed with a key that this process does not have: a new key
 * follows only where it and the one before it are among the trusted ones.
 */
export async function requireSigner(db: Db, { signingKeyPem, trustedKeys }: KeySettings): Promise<Signer> {
  const keys = await readSigningKeys(db);
  const current = keys.at(-1)?.publicKey;
  const publicKey = signingKeyPem === null ? null : publicKeyOf(signingKeyPem);
  if (current === undefined || publicKey === current)
    return { publicKey, isNew: current === undefined && publicKey !== null };
  const retired = keys.some((key) => key.publicKey === publicKey);
  const trusts = (key: string): boolean => trustedKeys?.includes(key) === true;
  if (publicKey === null || retired || !trusts(current) || !trusts(publicKey)) {
    throw new MagamError('SIGNING_KEY_MISSING', undefined, { expected: current, given: publicKey, retired });
  }
  return { publicKey, isNew: true };
}

/** The key that a certificate of this number must be signed with; undefined before signing began. */
export const keyInForce = (keys: readonly SigningKey[], sequence: number): string | undefined =>
  keys.findLast(({ since }) => since <= sequence)?.publicKey;
