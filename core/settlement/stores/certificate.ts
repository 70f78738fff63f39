/** Certificates, and the end of a run, which writes them. */

import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import type { CertificateLink } from '../rules/certificate.js';
import { sumColumns } from './partition-total.js';

export interface StoredCertificate extends CertificateLink {
  readonly runId: number;
  /** Its number in the order in which certificates were written. */
  readonly sequence: number;
  readonly body: string;
  readonly publicKey: string | null;
  readonly signature: string | null;
  readonly certifiedAt: string;
}

interface CertificateRow {
  readonly settled_on: string;
  readonly generation: number;
  readonly run_id: number;
  readonly sequence: number;
  readonly body: string;
  readonly hash: string;
  readonly public_key: string | null;
  readonly signature: string | null;
  readonly certified_at: string;
}

const toCertificate = (row: CertificateRow): StoredCertificate => ({
  date: row.settled_on,
  generation: row.generation,
  hash: row.hash,
  runId: Number(row.run_id),
  sequence: Number(row.sequence),
  body: row.body,
  publicKey: row.public_key,
  signature: row.signature,
  certifiedAt: row.certified_at,
});

/** The certificates of a date by generation. */
export async function readCertificates(db: Db, date: string): Promise<StoredCertificate[]> {
  const rows = await select<CertificateRow>(
    db,
    'SELECT * FROM settlement_certificate WHERE settled_on = ? ORDER BY generation',
    [date],
  );
  return rows.map(toCertificate);
}

export interface CertificateRecord {
  readonly generation: number;
  readonly hash: string;
  readonly signed: boolean;
  readonly certifiedAt: string;
}

/** The certificates of a date by generation, without their bodies. */
export async function readCertificateRecords(db: Db, date: string): Promise<CertificateRecord[]> {
  const rows = await select<CertificateRecord>(
    db,
    `SELECT generation, hash, signature IS NOT NULL AS signed, certified_at AS certifiedAt FROM settlement_certificate
     WHERE settled_on = ? ORDER BY generation`,
    [date],
  );
  return rows.map((row) => ({ ...row, signed: Boolean(row.signed), certifiedAt: isoTime(row.certifiedAt) }));
}

/** Date, generation and hash of every certificate of a range of dates, in order. */
export async function readCertificateLinks(db: Db, from: string, to: string): Promise<CertificateLink[]> {
  return select<CertificateLink>(
    db,
    `SELECT settled_on AS date, generation, hash FROM settlement_certificate WHERE settled_on BETWEEN ? AND ?
     ORDER BY settled_on, generation`,
    [from, to],
  );
}

/** One certificate. */
export async function readCertificate(
  db: Db,
  date: string,
  generation: number,
): Promise<StoredCertificate | undefined> {
  const [row] = await select<CertificateRow>(
    db,
    'SELECT * FROM settlement_certificate WHERE settled_on = ? AND generation = ?',
    [date, generation],
  );
  return row && toCertificate(row);
}

/** The first certificate after a number that links to those before it. */
export async function readNextLinking(db: Db, sequence: number): Promise<StoredCertificate | undefined> {
  const [row] = await select<CertificateRow>(
    db,
    `SELECT * FROM settlement_certificate WHERE sequence > ? AND body NOT LIKE '{"format":"magam-certificate/1"%' ORDER BY sequence LIMIT 1`,
    [sequence],
  );
  return row && toCertificate(row);
}

/** The first certificate of the next date that has one. */
export async function readNextCertificate(db: Db, date: string): Promise<StoredCertificate | undefined> {
  const [row] = await select<CertificateRow>(
    db,
    'SELECT * FROM settlement_certificate WHERE settled_on > ? ORDER BY settled_on, generation LIMIT 1',
    [date],
  );
  return row && toCertificate(row);
}

/**
 * The certificate that a new one follows: a supplement follows the generation before it, a first generation the latest
 * certificate of the last date before its own that has one.
 */
export async function readPreviousLink(db: Db, date: string, generation: number): Promise<CertificateLink | null> {
  const [condition, params] =
    generation > 1 ? ['settled_on = ? AND generation < ?', [date, generation]] : ['settled_on < ?', [date]];
  const [row] = await select<{ settled_on: string; generation: number; hash: string }>(
    db,
    `SELECT settled_on, generation, hash FROM settlement_certificate WHERE ${condition} ORDER BY settled_on DESC, generation DESC LIMIT 1`,
    params,
  );
  return row === undefined ? null : { date: row.settled_on, generation: row.generation, hash: row.hash };
}

/** Stores a certificate; its keys (date and generation, run and generation) refuse a second one. */
export async function insertCertificate(tx: Tx, certificate: Omit<StoredCertificate, 'certifiedAt'>): Promise<void> {
  const { date, generation, runId, sequence, body, hash, publicKey, signature } = certificate;
  await change(
    tx,
    `INSERT INTO settlement_certificate (settled_on, generation, run_id, sequence, body, hash, public_key, signature, certified_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [date, generation, runId, sequence, body, hash, publicKey, signature],
  );
}

/** Turns the partitions' sums per seller into the generation's settlements, and removes them. */
export async function insertSettlements(tx: Tx, runId: number, date: string, generation: number): Promise<void> {
  const sums = ['sales', 'refunds', ...sumColumns];
  await change(
    tx,
    `INSERT INTO settlement (settled_on, generation, seller_id, currency, ${sums.join(', ')})
     SELECT ?, ?, t.seller_id, t.currency, ${sums.map((column) => `SUM(t.${column})`).join(', ')}
     FROM partition_seller_total t JOIN run_partition p ON p.partition_id = t.partition_id
     WHERE p.run_id = ? AND p.generation = ? GROUP BY t.seller_id, t.currency`,
    [date, generation, runId, generation],
  );
  await change(
    tx,
    `DELETE t FROM partition_seller_total t JOIN run_partition p ON p.partition_id = t.partition_id WHERE p.run_id = ? AND p.generation = ?`,
    [runId, generation],
  );
}

/** The settlements' sums per currency of one generation: they must be the partitions' sums. */
export async function readSettlementSums(
  db: Db,
  date: string,
  generation: number,
): Promise<Record<string, string | number>[]> {
  const sums = ['sales', 'refunds', ...sumColumns].map((column) => `SUM(${column}) AS ${column}`).join(', ');
  return select(
    db,
    `SELECT currency, ${sums} FROM settlement WHERE settled_on = ? AND generation = ? GROUP BY currency ORDER BY currency`,
    [date, generation],
  );
}
