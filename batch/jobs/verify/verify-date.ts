/**
 * Verification of a closed date: everything recomputed and compared from what is stored, in one consistent view. SQL looks at
 * all entries and lines at once; then each certificate's lines are read again, hashed, summed and replayed.
 */

import { isCompleted } from '../../../core/jobs/stores/run.js';
import { PolicyBook, type StoredPolicy } from '../../../core/policies/rules/policy-book.js';
import { readPolicies } from '../../../core/policies/stores/fee-policy.js';
import { type CertificateBody, parseCertificate } from '../../../core/settlement/rules/certificate.js';
import { readCertificates, type StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import { countExceptionsAt } from '../../../core/settlement/stores/verification.js';
import { type Db, inSnapshot } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { feedControl } from '../settle/finish-run.js';
import { certificateChecks, chainCheck } from './certificate-chain.js';
import { type Check, equal } from './check.js';
import { firstDifference, inWords } from './compare-totals.js';
import { LineReplay, type ReplayedPartition } from './replay-lines.js';
import { type Survey, surveyChecks, surveyDate } from './survey.js';

export interface Verification {
  readonly date: string;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Lines that were read again and replayed. */
  readonly lines: number;
  readonly generations: number;
}

/** Verifies all generations of a date. Throws DATE_NOT_CLOSED when it has no certificate. */
export async function verifyDate(
  db: Db,
  date: string,
  onProgress: (lines: number, total: number) => void = () => undefined,
): Promise<Verification> {
  return inSnapshot(db, async (snapshot) => {
    const certificates = await readCertificates(snapshot, date);
    const latest = certificates.at(-1);
    if (latest === undefined) throw new MagamError('DATE_NOT_CLOSED', undefined, { date });
    const bodies = certificates.flatMap(({ body }) => parseCertificate(body) ?? []);
    const policies = await readPolicies(snapshot);
    const exclusive = policies.filter(({ policy }) => policy.vat.mode === 'exclusive').map(({ policyId }) => policyId);
    const survey = await surveyDate(snapshot, date, exclusive, latest.generation);
    const total = survey.entriesWithLine;
    let lines = 0;
    const replay = new Replay(snapshot, date, policies, (n) => {
      lines += n;
      onProgress(lines, total);
    });
    const checks = [
      ...(await surveyChecks(snapshot, date, survey, exclusive)),
      await generationsCheck(snapshot, date, survey, latest.generation),
      ...(await controlChecks(snapshot, date, bodies, survey)),
      ...(await replay.checks(bodies)),
      await exceptionCheck(snapshot, date, latest),
      ...certificateChecks(certificates),
      await chainCheck(snapshot, latest),
    ];
    return { date, ok: checks.every(({ ok }) => ok), checks, lines, generations: certificates.length };
  });
}

/** Lines of a generation without a certificate belong to a run that is not finished, or to nobody. */
async function generationsCheck(db: Db, date: string, survey: Survey, certified: number): Promise<Check> {
  const run = await findSettlementRun(db, date);
  const open = run !== undefined && !isCompleted(run.status) ? run.generation : certified;
  const strange = [...survey.lines].filter(([generation]) => generation > Math.max(certified, open));
  const detail = strange.map(([generation, n]) => `${n} lines of generation ${generation}`).join(', ');
  return equal('line-generations', 0, strange.length, detail === '' ? `${certified} certified` : detail);
}

/** Feed, lines and certificate must have the same sums: the feed's come from the entries alone. */
async function controlChecks(
  db: Db,
  date: string,
  bodies: readonly CertificateBody[],
  survey: Survey,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const body of bodies) {
    const detail = `generation ${body.generation}`;
    const feed = await feedControl(db, date, body.generation);
    const control = firstDifference(body.control, feed);
    checks.push(
      equal('control-totals', control?.expected ?? inWords(body.control), control?.actual ?? inWords(feed), detail),
    );
    const sums = survey.totalsOf(body.generation);
    const totals = firstDifference(body.totals, sums);
    checks.push(
      equal('line-totals', totals?.expected ?? inWords(body.totals), totals?.actual ?? inWords(sums), detail),
    );
  }
  return checks;
}

/** The certificates' partitions read again. */
class Replay {
  private readonly all: PolicyBook;

  constructor(
    private readonly db: Db,
    private readonly date: string,
    policies: readonly StoredPolicy[],
    private readonly onLines: (lines: number) => void,
  ) {
    this.all = new PolicyBook(policies);
  }

  async checks(bodies: readonly CertificateBody[]): Promise<Check[]> {
    const checks: Check[] = [];
    for (const body of bodies) checks.push(...(await this.generation({ ...body, date: this.date })));
    return checks;
  }

  private async generation(body: CertificateBody): Promise<Check[]> {
    const planned = new PolicyBook(await readPolicies(this.db, body.policyRevision));
    const replay = new LineReplay(this.db, body, { planned, all: this.all }, this.onLines);
    const partitions: ReplayedPartition[] = [];
    for (const partition of body.partitions) partitions.push(await replay.partition(partition));
    const { difference } = replay;
    const generation = `generation ${body.generation}`;
    const replayed = partitions.reduce((sum, { sales, refunds }) => sum + sales.lines + refunds.lines, 0);
    return [
      difference === undefined
        ? equal(
            'line-replay',
            replayed,
            replayed,
            `${generation}, every line gives the same figures under policy revision ${body.policyRevision}`,
          )
        : {
            name: 'line-replay',
            ok: false,
            expected: difference.expected,
            actual: difference.actual,
            detail: difference.line,
          },
      partitionSums(body, partitions, generation),
      partitionHashes(body, partitions, generation),
    ];
  }
}

function partitionSums(body: CertificateBody, replayed: readonly ReplayedPartition[], generation: string): Check {
  for (const [i, { number, totals }] of body.partitions.entries()) {
    const difference = firstDifference(totals, replayed[i]?.totals ?? []);
    if (difference !== undefined)
      return { name: 'partition-sums', ok: false, ...difference, detail: `${generation}, partition ${number}` };
  }
  return equal('partition-sums', body.partitions.length, replayed.length, generation);
}

function partitionHashes(body: CertificateBody, replayed: readonly ReplayedPartition[], generation: string): Check {
  for (const [i, certified] of body.partitions.entries()) {
    for (const leg of ['sales', 'refunds'] as const) {
      const [expected, actual] = [certified[leg], replayed[i]?.[leg]];
      const words = (range: { lines: number; sha256: string } | undefined) => `${range?.lines} lines, ${range?.sha256}`;
      if (words(expected) === words(actual)) continue;
      const detail = `${generation}, partition ${certified.number}, ${leg} (${expected.after}, ${expected.through}]`;
      return equal('partition-hashes', words(expected), words(actual), detail);
    }
  }
  return equal('partition-hashes', body.linesHash, body.linesHash, generation);
}

async function exceptionCheck(db: Db, date: string, latest: StoredCertificate): Promise<Check> {
  const certified: number | string = parseCertificate(latest.body)?.exceptions ?? 'unreadable';
  return equal(
    'parked-entries',
    certified,
    await countExceptionsAt(db, date, latest.generation),
    'as the latest certificate says',
  );
}
