/** Ed25519 signatures of certificates: over the 64 ASCII bytes of the certificate's hash. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { MagamError } from '../domain/errors.js';

export interface CertificateSignature {
  /** SPKI, base64. */
  readonly publicKey: string;
  /** base64. */
  readonly signature: string;
}

/** Signs a certificate's hash. Throws `CONFIG_INVALID` when the key is not an Ed25519 private key. */
export function signHash(hash: string, privateKeyPem: string): CertificateSignature {
  try {
    const key = createPrivateKey(privateKeyPem);
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
    return { publicKey, signature: sign(null, Buffer.from(hash), key).toString('base64') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MagamError('CONFIG_INVALID', `MAGAM_SIGNING_KEY is not an Ed25519 private key in PEM: ${reason}.`);
  }
}

/** Whether the signature over the hash was made with this key. */
export function signatureHolds(hash: string, { publicKey, signature }: CertificateSignature): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(hash), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
