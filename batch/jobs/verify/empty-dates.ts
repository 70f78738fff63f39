/**
 * Dates without entries are closed along with the next date that has some. They have no certificate of their own: that date's certificate names the date
 * before it, and vouches that no entries are between the two.
 */
import { readShutThrough } from '../../../core/feed/stores/calendar.js';
import type { KeySettings } from '../../../core/settlement/certificate-signer.js';
import { type CertificateBody, parseCertificate } from '../../../core/settlement/rules/certificate.js';
import { readNextCertificate, type StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { findRowsBetween } from '../../../core/settlement/stores/empty-date.js';
import type { Db } from '../../../infra/database.js';
import { certificateChecks, chainCheck } from './certificate-chain.js';
import { type Check, equal } from './check.js';
import { shutThroughCheck } from './shut-through.js';
import { readKeyring } from './signatures.js';
import { sequenceChecks } from './vouched-checks.js';

/** No rows exist between the date of a first generation and the date before it that has a certificate. */
export async function emptyDatesCheck(
  db: Db,
  { date, previous }: Pick<CertificateBody, 'date' | 'previous'>,
): Promise<Check> {
  const after = previous?.date ?? null;
  const found = await findRowsBetween(db, after, date);
  const actual = found.map((row) => `${row.table} has rows of ${row.date}`).join(', ');
  const where = after === null ? `dates before ${date}` : `dates after ${after} and before ${date}`;
  return equal('empty-dates', 'nothing', actual === '' ? 'nothing' : actual, where);
}

/**
 * The checks of a date that was closed empty along with a later one; undefined when no later date has a certificate, and no run has to do with
 * the date. Such a date that is shut nevertheless is a difference.
 */
export async function emptyDateChecks(
  db: Db,
  date: string,
  keys: KeySettings,
  isLast: boolean,
): Promise<Check[] | undefined> {
  const next = await readNextCertificate(db, date);
  const shut = await readShutThrough(db);
  const shutThrough = await shutThroughCheck(db);
  if (next === undefined) return shut !== null && shut >= date && !shutThrough.ok ? [shutThrough] : undefined;
  return [
    ...(await emptyBefore(db, next)),
    ...certificateChecks([next], await readKeyring(db, keys)),
    ...(await sequenceChecks(db, [next])),
    await chainCheck(db, next, isLast),
    ...(isLast ? [shutThrough] : []),
  ];
}

async function emptyBefore(db: Db, next: StoredCertificate): Promise<Check[]> {
  const body = parseCertificate(next.body);
  return body === undefined ? [] : [await emptyDatesCheck(db, body)];
}
