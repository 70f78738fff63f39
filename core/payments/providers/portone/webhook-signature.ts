/** Signatures of webhooks by the Standard Webhooks scheme: https://www.standardwebhooks.com */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RawWebhook } from '../provider.js';

/** A webhook whose signing time differs from now by more than this is refused (seconds). */
const TOLERANCE_SECONDS = 300;

/** The bytes of a secret as the provider shows it: base64, perhaps after `whsec_`. */
export const webhookKey = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

/**
 * Whether one of the signatures in the header is right; there are two while a secret is being replaced.
 * @param nowMs the time, in milliseconds since 1970
 */
export function isSigned({ headers, body }: RawWebhook, key: Buffer, nowMs: number): boolean {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (id === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return (headers['webhook-signature'] ?? '').split(' ').some((versioned) => {
    const [version, signature = ''] = versioned.split(',', 2);
    const given = Buffer.from(signature, 'base64');
    return version === 'v1' && given.length === right.length && timingSafeEqual(given, right);
  });
}
