/** Ed25519 signatures of certificates: over the 64 ASCII bytes of the certificate's hash. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

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

/** The public key (SPKI, base64) of a private key in PEM. */
export const publicKeyOf = (privateKeyPem: string): string =>
  toBase64(createPublicKey(createPrivateKey(privateKeyPem)));

/** The public key (SPKI, base64) that a text holds, as PEM or as base64; undefined when it holds no Ed25519 key. */
export function readPublicKey(text: string): string | undefined {
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? toBase64(key) : undefined;
  } catch {
    return undefined;
  }
}

const toBase64 = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64');

/** Signs a certificate's hash. */
export function signHash(hash: string, privateKeyPem: string): CertificateSignature {
  const signature = sign(null, Buffer.from(hash), createPrivateKey(privateKeyPem)).toString('base64');
  return { publicKey: publicKeyOf(privateKeyPem), signature };
}

/** Only the canonical base64 is accepted, because readers skip characters that they do not know. */
const isBase64 = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text;

/** Whether the signature over the hash was made with this key. */
export function signatureHolds(hash: string, { publicKey, signature }: CertificateSignature): boolean {
  try {
    if (!isBase64(publicKey) || !isBase64(signature)) return false;
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(hash), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
