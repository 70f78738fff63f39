/** Ed25519 signatures of certificates: over the 64 ASCII bytes of the certificate's hash. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

export interface CertificateSignature {
  /** SPKI, base64. */
  readonly publicKey: string;
  /** base64. */
  readonly signature: string;
}

/** Whether the text is an Ed25519 private key in PEM. */
export function isSigningKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

/** Signs a certificate's hash. */
export function signHash(hash: string, privateKeyPem: string): CertificateSignature {
  const key = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return { publicKey, signature: sign(null, Buffer.from(hash), key).toString('base64') };
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
