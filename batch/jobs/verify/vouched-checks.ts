/** Checks the further content that certificates of the second format vouch for beside the lines, and their numbers in the order of certificates. */
import { hashPolicies } from '../../../core/policies/stores/policy-hash.js';
import {
  type CertificateBody,
  type HashedRows,
  parseCertificate,
  rulesVersionOf,
  type SecondBody,
} from '../../../core/settlement/rules/certificate.js';
import { rulesOf } from '../../../core/settlement/rules/rules-version.js';
import { readNextLinking, type StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { countCertificates, hashLinks, readChainLength } from '../../../core/settlement/stores/certificate-chain.js';
import { hashParked } from '../../../core/settlement/stores/parked-entry.js';
import type { Db } from '../../../infra/database.js';
import { type Check, equal } from './check.js';

const isSecond = (body: CertificateBody | undefined): body is SecondBody => body?.format === 'magam-certificate/2';

/** Checks the parked entries with their reasons, the policies by their content, and whether this program has the rules of the settlement. */
export async function vouchedChecks(db: Db, date: string, bodies: readonly CertificateBody[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const body of bodies) {
    const where = `generation ${body.generation}`;
    const rules = rulesVersionOf(body);
    checks.push(
      equal('rules', `version ${rules}`, rulesOf(rules) === undefined ? 'unknown' : `version ${rules}`, where),
    );
    if (!isSecond(body)) continue;
    const { parked, policies } = body;
    const found = await hashParked(db, date, body.generation);
    checks.push(
      equal(
        'parked-content',
        inWords(parked),
        inWords(found),
        `${where}, every entry that was parked, with its reason`,
      ),
    );
    const stored = await hashPolicies(db, policies.revision);
    checks.push(
      equal(
        'policies',
        inWords(policies),
        inWords(stored),
        `${where}, every policy up to revision ${policies.revision}`,
      ),
    );
  }
  return checks;
}

const inWords = ({ rows, sha256 }: HashedRows): string => `${rows} rows, ${sha256}`;

/** Certificates are numbered without gaps, and each names those before it. */
export async function sequenceChecks(db: Db, certificates: readonly StoredCertificate[]): Promise<Check[]> {
  const { certificates: there, last } = await countCertificates(db);
  const written = await readChainLength(db);
  const numbers = `${written} certificates, the last is number ${written}`;
  const checks = [
    equal('certificate-numbers', numbers, `${there} certificates, the last is number ${last}`, 'all dates'),
  ];
  for (const certificate of certificates) checks.push(...(await linkChecks(db, certificate)));
  const latest = Math.max(...certificates.map(({ sequence }) => sequence));
  const next = await readNextLinking(db, latest);
  if (next !== undefined) checks.push(...(await linkChecks(db, next)));
  return checks;
}

async function linkChecks(db: Db, { date, generation, sequence, body: text }: StoredCertificate): Promise<Check[]> {
  const body = parseCertificate(text);
  if (!isSecond(body)) return [];
  const where = `certificate of ${date} generation ${generation}`;
  const number = equal('certificate-number', body.sequence, sequence, where);
  const { after } = body;
  if (after === null)
    return [number, equal('written-after', 'the first', body.sequence === 1 ? 'the first' : 'no link', where)];
  const found = await hashLinks(db, after.from, after.through);
  const expected = `${after.from} to ${body.sequence - 1}, ${after.sha256}`;
  return [number, equal('written-after', expected, `${found.from} to ${found.through}, ${found.sha256}`, where)];
}
