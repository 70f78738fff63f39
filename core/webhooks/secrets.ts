/** Secrets of webhook endpoints at rest. */
import { decrypt, type Encrypted, encrypt } from '../../infra/encryption.js';
import type { EncryptedColumn } from '../../infra/key-rotation.js';

/** The place that a ciphertext is bound to, so that it cannot be copied to another endpoint's row. */
const placeOf = (endpointId: number): string => `webhook_endpoint.secret:${endpointId}`;

const column = {
  table: 'webhook_endpoint',
  primaryKey: 'endpoint_id',
  boundBy: 'endpoint_id',
  placeOf: (endpointId: string) => placeOf(Number(endpointId)),
};

/** Where they stand. */
export const WEBHOOK_SECRETS: readonly EncryptedColumn[] = [
  { name: 'secrets of webhooks', sealed: 'secret_sealed', keyId: 'secret_key_id', ...column },
  { name: 'former secrets of webhooks', sealed: 'former_sealed', keyId: 'former_key_id', ...column },
];

export const sealSecret = (key: Buffer, endpointId: number, secret: string): Encrypted =>
  encrypt(key, secret, placeOf(endpointId));

/** The secret in clear text, for signing and never for an answer. Throws when there is no such key, or the row was tampered with. */
export const openSecret = (keys: readonly Buffer[], endpointId: number, sealed: Encrypted): string =>
  decrypt(keys, sealed, placeOf(endpointId));
