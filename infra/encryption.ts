/**
 * Encryption of single fields at rest: AES-256-GCM with a random nonce, bound by its additional data to the row in which it is stored (a ciphertext
 * that is copied to another row cannot be read), and marked with the id of its key, so that keys can be changed while old rows are still read.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { MagamError } from '../kernel/errors.js';
import { sha256 } from './sha256.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12; // NIST SP 800-38D, 5.2.1.1
const TAG_BYTES = 16;

export interface Encrypted {
  /** Id of the key, as stored beside it. */
  readonly keyId: string;
  /** Nonce, tag and ciphertext, base64url. */
  readonly sealed: string;
}

/** The id of a key of 32 bytes: the beginning of its hash. */
export const keyIdOf = (key: Buffer): string => sha256(Buffer.concat([Buffer.from('magam key id'), key])).slice(0, 8);

/** Encrypts under this key. `boundTo` names the place of storage and must be given again to decrypt. */
export function encrypt(key: Buffer, text: string, boundTo: string): Encrypted {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(boundTo));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { keyId: keyIdOf(key), sealed: Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url') };
}

/**
 * Decrypts with whichever of the keys it was encrypted with. Throws ENCRYPTION_KEY_MISSING when none of them is, and an error without a code when
 * text or place were changed.
 */
export function decrypt(keys: readonly Buffer[], { keyId, sealed }: Encrypted, boundTo: string): string {
  const key = keys.find((candidate) => keyIdOf(candidate) === keyId);
  if (key === undefined)
    throw new MagamError('ENCRYPTION_KEY_MISSING', `There is no encryption key with the id ${keyId}.`, { keyId });
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(boundTo))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
