/** Bodies of the payout API are encrypted both ways (JWE, `dir` with A256GCM): https://docs.tosspayments.com/guides/v2/payouts */
import { randomUUID } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';

const KOREA_MS = 9 * 3_600_000;

/** @param now milliseconds since 1970 */
export function encryptBody(securityKey: Uint8Array, body: unknown, now: number): Promise<string> {
  const iat = `${new Date(now + KOREA_MS).toISOString().slice(0, 19)}+09:00`;
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(body)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', iat, nonce: randomUUID() })
    .encrypt(securityKey);
}

/** The JSON of an answer, encrypted or plain, as answers to GET are; undefined: it is neither. */
export async function decryptBody(securityKey: Uint8Array, text: string): Promise<unknown> {
  try {
    const plain = text.startsWith('ey') ? (await compactDecrypt(text, securityKey)).plaintext : undefined;
    return JSON.parse(plain === undefined ? text : new TextDecoder().decode(plain));
  } catch {
    return undefined;
  }
}
