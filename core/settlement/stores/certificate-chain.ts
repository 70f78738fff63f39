/** The order in which certificates were written, and the keys that signed them. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import type { CertificateLink, NumberedLinks } from '../rules/certificate.js';

/** Locks the chain until the commit, and returns how many certificates it has. */
export async function lockChain(tx: Tx): Promise<number> {
  const [row] = await select<{ n: number | string }>(
    tx,
    'SELECT certificates AS n FROM certificate_chain WHERE chain_id = 1 FOR UPDATE',
  );
  return Number(row?.n ?? 0);
}

/** How many certificates were written. */
export async function readChainLength(db: Db): Promise<number> {
  const [row] = await select<{ n: number | string }>(
    db,
    'SELECT certificates AS n FROM certificate_chain WHERE chain_id = 1',
  );
  return Number(row?.n ?? 0);
}

/** How many certificates there are, and the highest number among them. */
export async function countCertificates(db: Db): Promise<{ certificates: number; last: number }> {
  const [row] = await select<{ n: number | string; last: number | string | null }>(
    db,
    'SELECT COUNT(*) AS n, MAX(sequence) AS last FROM settlement_certificate',
  );
  return { certificates: Number(row?.n ?? 0), last: Number(row?.last ?? 0) };
}

/** Records that the chain has one more certificate. The caller has locked it. */
export async function lengthenChain(tx: Tx, certificates: number): Promise<void> {
  await change(tx, 'UPDATE certificate_chain SET certificates = ? WHERE chain_id = 1', [certificates]);
}

/** The date, generation and hash of the certificates with numbers from `from` to `through`, in that order, as one hash. */
export async function hashLinks(db: Db, from: number, through: number): Promise<NumberedLinks> {
  const rows = await select<CertificateLink>(
    db,
    `SELECT settled_on AS date, generation, hash FROM settlement_certificate WHERE sequence BETWEEN ? AND ? ORDER BY sequence`,
    [from, through],
  );
  const text = rows.map(({ date, generation, hash }) => `${date}\t${generation}\t${hash}\n`).join('');
  return { from, through, sha256: sha256(text) };
}

/**
 * The number of the latest certificate up to a number that links to those before it; 0 where there is none. Older formats do not link, so the certificate that
 * follows them links to all of them.
 */
export async function latestLinking(db: Db, through: number): Promise<number> {
  for (let at = through, limit = 1; at > 0; limit = 500) {
    const rows = await select<{ sequence: number | string; head: string }>(
      db,
      'SELECT sequence, LEFT(body, 30) AS head FROM settlement_certificate WHERE sequence <= ? ORDER BY sequence DESC LIMIT ?',
      [at, limit],
    );
    const linking = rows.find(({ head }) => !head.startsWith('{"format":"magam-certificate/1"'));
    if (linking !== undefined) return Number(linking.sequence);
    if (rows.length < limit) return 0;
    at = Number(rows.at(-1)?.sequence) - 1;
  }
  return 0;
}

/** A key and the number of its first certificate. */
export interface SigningKey {
  /** SPKI, base64. */
  readonly publicKey: string;
  readonly since: number;
}

/** The keys in the order in which they followed each other. */
export async function readSigningKeys(db: Db): Promise<SigningKey[]> {
  const rows = await select<{ publicKey: string; since: number | string }>(
    db,
    'SELECT public_key AS publicKey, since_sequence AS since FROM signing_key ORDER BY since_sequence',
  );
  return rows.map(({ publicKey, since }) => ({ publicKey, since: Number(since) }));
}

/** The key signs from this certificate on. */
export async function insertSigningKey(tx: Tx, { publicKey, since }: SigningKey): Promise<void> {
  await change(
    tx,
    'INSERT INTO signing_key (since_sequence, public_key, registered_at) VALUES (?, ?, UTC_TIMESTAMP(3))',
    [since, publicKey],
  );
}
