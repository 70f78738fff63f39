/**
 * Redis is not trusted: entries that will be shown are signed with a key that is not in Redis, under a name that tells to which database they
 * belong. So an entry that was forged, or that a restored copy of the database wrote to the same Redis, is a miss.
 */
import { createHmac } from 'node:crypto';
import { sha256 } from '../sha256.js';

export interface Seal {
  /** Names the database. It is part of every key that only one database may use. */
  readonly realm: string;
  /** Signs a text that is stored under a key. */
  readonly sign: (key: string, text: string) => string;
}

/** Characters of a signature: 132 bits. */
export const SIGNATURE_LENGTH = 22;

/** A seal for the entries of a database; processes with the same secret and the same database read each other's entries. */
export function openSeal(secret: string | Buffer, database: string): Seal {
  const key = createHmac('sha256', secret).update('magam cache').digest();
  const realm = sha256(database).slice(0, 12);
  return {
    realm,
    sign: (name, text) =>
      createHmac('sha256', key)
        .update(`${realm}\0${name}\0`)
        .update(text, 'latin1')
        .digest('base64url')
        .slice(0, SIGNATURE_LENGTH),
  };
}
