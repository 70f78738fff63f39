/** Secrets of webhook endpoints at rest. */
import { decrypt, type Encrypted, encrypt } from '../../infra/encryption.js';

/** The place that a ciphertext is bound to: another endpoint's row cannot take it over. */
const placeOf = (endpointId: number): string => `webhook_endpoint.secret:${endpointId}`;

export const sealSecret = (key: Buffer, endpointId: number, secret: string): Encrypted =>
  encrypt(key, secret, placeOf(endpointId));

/** The secret in the clear, for signing: never for an answer. Throws when there is no such key, or the row was tampered with. */
export const openSecret = (key: Buffer, endpointId: number, sealed: Encrypted): string =>
  decrypt([key], sealed, placeOf(endpointId));
