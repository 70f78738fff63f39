/** Whether certificates are signed with the required keys. */
import { type KeySettings, keyInForce } from '../../../core/settlement/certificate-signer.js';
import { type CertificateBody, parseCertificate } from '../../../core/settlement/rules/certificate.js';
import type { StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { readSigningKeys, type SigningKey } from '../../../core/settlement/stores/certificate-chain.js';
import type { Db } from '../../../infra/database.js';
import { publicKeyOf, signatureHolds } from '../../../infra/signing.js';
import { type Check, equal } from './check.js';

export interface Keyring {
  /** The keys that have signed so far, with the number of each key's first certificate. */
  readonly stored: readonly SigningKey[];
  /** Keys whose signatures are accepted; undefined: the stored ones. */
  readonly trusted: ReadonlySet<string> | undefined;
}

/** The keys that a process trusts: those in its setting, and its own. */
export async function readKeyring(db: Db, { signingKeyPem, trustedKeys }: KeySettings): Promise<Keyring> {
  const own = signingKeyPem === null ? [] : [publicKeyOf(signingKeyPem)];
  const stored = await readSigningKeys(db);
  return { stored, trusted: trustedKeys === null ? undefined : new Set([...trustedKeys, ...own]) };
}

/** The certificate is signed with the key that was in force, which is trusted; or it is not signed, before signing began. */
export function signatureCheck(certificate: StoredCertificate, { stored, trusted }: Keyring): Check {
  const { hash, publicKey, signature, sequence } = certificate;
  const detail = `certificate of ${certificate.date} generation ${certificate.generation}`;
  const check = (expected: string, actual: string, more: string): Check =>
    equal('signature', expected, actual, `${detail}, ${more}`);
  const body = parseCertificate(certificate.body);
  const key = signerOf(body) ?? keyInForce(stored, sequence);
  // With trusted keys signatures are required, even where the first signed certificate was not recorded.
  const mustBeSigned = key !== undefined || (trusted !== undefined && stored.length === 0);
  if (publicKey === null && signature === null)
    return check(mustBeSigned ? `signed with ${key ?? 'a trusted key'}` : 'not signed', 'not signed', 'not signed');
  const holds = publicKey !== null && signature !== null && signatureHolds(hash, { publicKey, signature });
  if (!holds) return check('a valid signature', 'an invalid one', `key ${publicKey}`);
  // The key that the body names, and the key that was recorded with its first signature.
  const other = [key, keyInForce(stored, sequence)].find((expected) => expected !== publicKey);
  if (other !== undefined || keyInForce(stored, sequence) === undefined)
    return check(`signed with ${other ?? 'no key'}`, `signed with ${publicKey}`, 'another key is in force');
  const known = trusted === undefined || trusted.has(publicKey);
  return check('a trusted key', known ? 'a trusted key' : 'a key that is not trusted', `signed with ${publicKey}`);
}

/** The key that the body names; undefined where it names none. */
const signerOf = (body: CertificateBody | undefined): string | undefined =>
  body?.format === 'magam-certificate/2' ? (body.signer ?? undefined) : undefined;
