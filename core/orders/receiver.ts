/** Receivers at rest: name, phone and address of a checkout, encrypted and bound to its row. */
import { decrypt, encrypt, keyIdOf } from '../../infra/encryption.js';
import type { EncryptedColumn } from '../../infra/key-rotation.js';
import type { StoredReceiver } from './stores/checkout.js';

export interface Receiver {
  readonly name: string;
  readonly phone: string;
  readonly postalCode: string;
  readonly address: string;
  /** A note for the carrier; may be empty. */
  readonly note: string;
}

/** The place that a ciphertext is bound to, so that it cannot be copied to another checkout's row. */
const placeOf = (reference: string): string => `checkout.receiver:${reference}`;

/** Where they stand. */
export const RECEIVERS: EncryptedColumn = {
  name: 'receivers of orders',
  table: 'checkout',
  primaryKey: 'checkout_id',
  sealed: 'receiver',
  keyId: 'receiver_key_id',
  boundBy: 'reference',
  placeOf,
};

/** A receiver as the checkout's row holds it. */
export function sealReceiver(key: Buffer, reference: string, receiver: Receiver): StoredReceiver {
  const { name, phone, postalCode, address, note } = receiver;
  return encrypt(key, JSON.stringify({ name, phone, postalCode, address, note }), placeOf(reference));
}

/** The receiver in clear text; null when it was encrypted with none of the keys (the current one and former ones). Throws when the row was tampered with. */
export function openReceiver(keys: readonly Buffer[], reference: string, stored: StoredReceiver): Receiver | null {
  if (!keys.some((key) => keyIdOf(key) === stored.keyId)) return null;
  return JSON.parse(decrypt(keys, stored, placeOf(reference))) as Receiver;
}
