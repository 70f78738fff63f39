/** Signatures of the webhooks that we send: a receiver that knows the secret can check that a message is ours and when it was sent. */
import { createHmac, randomBytes } from 'node:crypto';

/** Name of the header. */
export const SIGNATURE_HEADER = 'Magam-Signature';

/** A secret: 256 random bits behind a prefix by which people know it. */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`;

/**
 * The value of the header: `t=TIMESTAMP,v1=SIGNATURE`, with one `v1` for each secret. A signature is the HMAC-SHA256 of `TIMESTAMP.BODY` under the whole text of the
 * secret, in hexadecimal.
 * @param timestamp seconds since 1970
 */
export const webhookSignature = (secrets: readonly string[], timestamp: number, body: string): string =>
  [
    `t=${timestamp}`,
    ...secrets.map((secret) => `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`),
  ].join(',');
