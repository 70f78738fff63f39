/** The certificates themselves: the hash of each, its signature, and the chain back to the first one. */
import {
  type CertificateLink,
  parseCertificate,
  partitionHashesText,
  sumTotals,
} from '../../../core/settlement/rules/certificate.js';
import {
  readCertificate,
  readNextCertificate,
  readPreviousLink,
  type StoredCertificate,
} from '../../../core/settlement/stores/certificate.js';
import type { Db } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import { type Check, equal } from './check.js';
import { firstDifference, inWords } from './compare-totals.js';
import { type Keyring, signatureCheck } from './signatures.js';

const nameOf = ({ date, generation }: { readonly date: string; readonly generation: number }): string =>
  `${date} generation ${generation}`;

/** Whether each certificate of a date matches its hash and signature, and is consistent. */
export function certificateChecks(certificates: readonly StoredCertificate[], keyring: Keyring): Check[] {
  return certificates.flatMap((certificate) => {
    const detail = `certificate of ${nameOf(certificate)}`;
    const body = parseCertificate(certificate.body);
    const checks = [
      equal('certificate-hash', certificate.hash, sha256(certificate.body), detail),
      signatureCheck(certificate, keyring),
    ];
    if (body === undefined) {
      return [...checks, equal('certificate-body', 'a certificate', 'something else', detail)];
    }
    const linesHash = sha256(partitionHashesText(body.partitions));
    const summed = sumTotals(body.partitions.flatMap(({ totals }) => totals));
    const difference = firstDifference(body.totals, summed) ?? firstDifference(body.control, body.totals);
    return [
      ...checks,
      equal('certificate-date', nameOf(certificate), nameOf(body), detail),
      equal('certificate-lines-hash', body.linesHash, linesHash, detail),
      equal(
        'certificate-totals',
        difference?.expected ?? inWords(body.totals),
        difference?.actual ?? inWords(summed),
        detail,
      ),
    ];
  });
}

/**
 * Follows the links from the date's latest certificate back to the first one, and checks whether the next certificate links
 * back to it unchanged. Names the date whose certificate breaks the chain.
 * @param walksBack false: back to the certificate of an earlier date only
 */
export async function chainCheck(db: Db, latest: StoredCertificate, walksBack: boolean): Promise<Check> {
  const broken = (await brokenLinkTo(db, latest)) ?? (await walkBack(db, latest, walksBack));
  if (typeof broken !== 'number') return { name: 'chain', ok: false, ...broken };
  const detail = walksBack
    ? `${broken} ${broken === 1 ? 'certificate' : 'certificates'} back to the first one`
    : 'the certificates before and after';
  return equal('chain', 'unbroken', 'unbroken', detail);
}

interface BrokenLink {
  readonly expected: string;
  readonly actual: string;
  readonly detail: string;
}

async function walkBack(db: Db, latest: StoredCertificate, toTheFirst: boolean): Promise<BrokenLink | number> {
  let count = 1;
  for (let at: StoredCertificate = latest; ; count += 1) {
    const link = parseCertificate(at.body)?.previous;
    if (link === undefined) return broken(at, 'a certificate', 'something else');
    if (link === null) {
      const earlier = await readPreviousLink(db, at.date, at.generation);
      return earlier === null ? count : broken(at, `a link to ${nameOf(earlier)}`, 'no link');
    }
    const previous = await readCertificate(db, link.date, link.generation);
    if (previous === undefined) return broken(link, link.hash, 'no certificate');
    if (!isBefore(link, at)) return broken(at, 'a link to an earlier certificate', `a link to ${nameOf(link)}`);
    if (previous.hash !== link.hash) return broken(link, link.hash, previous.hash);
    const hash = sha256(previous.body);
    if (hash !== previous.hash) return broken(link, previous.hash, hash);
    if (!toTheFirst && previous.date < latest.date) return count + 1;
    at = previous;
  }
}

/** The next date's certificate's link to this date's. */
async function brokenLinkTo(db: Db, latest: StoredCertificate): Promise<BrokenLink | undefined> {
  const next = await readNextCertificate(db, latest.date);
  const link = next && parseCertificate(next.body)?.previous;
  if (next === undefined || link === undefined) return undefined;
  if (link?.date !== latest.date)
    return broken(next, `a link to ${latest.date}`, link === null ? 'no link' : `a link to ${link.date}`);
  const linked = await readCertificate(db, link.date, link.generation);
  return linked?.hash === link.hash ? undefined : broken(link, link.hash, linked?.hash ?? 'no certificate');
}

const isBefore = (a: CertificateLink, b: CertificateLink): boolean =>
  a.date < b.date || (a.date === b.date && a.generation < b.generation);

const broken = (
  at: { readonly date: string; readonly generation: number },
  expected: string,
  actual: string,
): BrokenLink => ({
  expected,
  actual,
  detail: `the certificate of ${nameOf(at)} breaks the chain`,
});
