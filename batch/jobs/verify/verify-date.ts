/**
 * Verification of a closed date: everything recomputed and compared from what is stored, in one consistent view. Threads read every entry and
 * line once, range by range; their results are combined here and compared with the certificates.
 */
import { isCompleted } from '../../../core/jobs/stores/run.js';
import { dateNotClosed } from '../../../core/settlement/date-states.js';
import {
  type CertificateBody,
  type CertifiedControl,
  parseCertificate,
} from '../../../core/settlement/rules/certificate.js';
import { readCertificates, type StoredCertificate } from '../../../core/settlement/stores/certificate.js';
import { datesLackingCertificates, findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import { countExceptionsAt } from '../../../core/settlement/stores/verification.js';
import { type Db, forWholeDates } from '../../../infra/database.js';
import type { JobContext } from '../../engine/job.js';
import { inSharedView } from '../../engine/shared-view.js';
import { certificateChecks, chainCheck } from './certificate-chain.js';
import { type Check, equal } from './check.js';
import { firstDifference, inWords } from './compare-totals.js';
import { emptyDateChecks, emptyDatesCheck } from './empty-dates.js';
import { planVerification } from './pieces.js';
import { replayChecks } from './replay-checks.js';
import { runChecks } from './run-checks.js';
import { shutThroughCheck } from './shut-through.js';
import { readKeyring } from './signatures.js';
import { Survey } from './survey.js';
import { verifyReader } from './verify-reader.js';
import { sequenceChecks, vouchedChecks } from './vouched-checks.js';
import { whatChanged } from './what-changed.js';

export interface Verification {
  readonly date: string;
  readonly ok: boolean;
  /** The changes, in sentences; empty when everything is as it was certified. */
  readonly changes: readonly string[];
  readonly checks: readonly Check[];
  /** Lines that were read again and replayed. */
  readonly lines: number;
  readonly generations: number;
}

/** Below this many lines one thread is done before others have been loaded. */
const THREADS_FROM_LINES = 20_000;

export interface VerifyOptions {
  /** From this many lines on threads share the work. */
  readonly threadsFrom?: number | undefined;
  /**
   * False: other dates follow. Then only the links to and from this date are followed instead of the whole chain, and the calendar is checked with the last
   * date.
   */
  readonly isLast?: boolean;
}

/** Verifies all generations of a date. Throws DATE_NOT_CLOSED when it was not settled, and is not shut otherwise. */
export async function verifyDate(
  context: JobContext,
  date: string,
  { threadsFrom = THREADS_FROM_LINES, isLast = true }: VerifyOptions = {},
): Promise<Verification> {
  const { db, config } = context;
  const total = linesOf(bodiesOf(await readCertificates(db, date)));
  const onProgress = (done: number): void => context.onProgress(done, total);
  const request = { reader: verifyReader, input: { date }, workers: total < threadsFrom ? 0 : config.workers };
  return inSharedView({ ...context, onProgress }, request, async ({ snapshot: view, read }) => {
    const snapshot = forWholeDates(view);
    const certificates = await readCertificates(snapshot, date);
    const latest = certificates.at(-1);
    const complete = await certificatesCheck(snapshot, date, certificates.length);
    if (latest === undefined) {
      const empty = complete.ok ? await emptyDateChecks(snapshot, date, config, isLast) : [complete];
      if (empty === undefined) throw await dateNotClosed(snapshot, date);
      const ok = empty.every(({ ok }) => ok);
      return { date, ok, changes: whatChanged(empty, []), checks: empty, lines: 0, generations: 0 };
    }
    const bodies = bodiesOf(certificates);
    const { pieces, generations } = planVerification(bodies);
    const { results, sums } = await read(pieces);
    const survey = new Survey(sums);
    const replays = generations.map(({ body, partitions }) => replayChecks(body, partitions, results));
    const linesHold =
      replays.every(({ differing }) => differing === 0) && bodies.every((body) => sumsHold(body, survey));
    const checks = [
      ...(await survey.checks(snapshot, date, latest.generation, linesHold)),
      await generationsCheck(snapshot, date, survey, latest.generation),
      ...bodies.flatMap((body) => controlChecks(body, survey)),
      ...replays.flatMap((replay) => replay.checks),
      await exceptionCheck(snapshot, date, latest),
      complete,
      ...(await runChecks(snapshot, date, certificates, bodies)),
      ...(await Promise.all(bodies.slice(0, 1).map((body) => emptyDatesCheck(snapshot, body)))),
      ...(await vouchedChecks(snapshot, date, bodies)),
      ...certificateChecks(certificates, await readKeyring(snapshot, config)),
      ...(await sequenceChecks(snapshot, certificates)),
      await chainCheck(snapshot, latest, isLast),
      ...(isLast ? [await shutThroughCheck(snapshot)] : []),
    ];
    const lines = results.reduce((sum, range) => sum + (range?.lines ?? 0), 0);
    onProgress(lines);
    const changes = whatChanged(checks, replays);
    return { date, ok: checks.every(({ ok }) => ok), changes, checks, lines, generations: certificates.length };
  });
}

/** Every generation that was settled has a certificate. */
async function certificatesCheck(db: Db, date: string, certified: number): Promise<Check> {
  const lacking = (await datesLackingCertificates(db, date, date)).length > 0;
  const found = `${certified}`;
  return equal('certificates', lacking ? 'one of each generation' : found, found, `certificates of ${date}`);
}

const bodiesOf = (certificates: readonly StoredCertificate[]): CertificateBody[] =>
  certificates.flatMap(({ body }) => parseCertificate(body) ?? []);

const linesOf = (bodies: readonly CertificateBody[]): number =>
  bodies
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { sales, refunds }) => sum + sales.lines + refunds.lines, 0);

/** Lines of a generation without a certificate belong to an unfinished run, or to no run. */
async function generationsCheck(db: Db, date: string, survey: Survey, certified: number): Promise<Check> {
  const run = await findSettlementRun(db, date);
  const open = run !== undefined && !isCompleted(run.status) ? run.generation : certified;
  const strange = [...survey.lines].filter(([generation]) => generation > Math.max(certified, open));
  const detail = strange.map(([generation, n]) => `${n} lines of generation ${generation}`).join(', ');
  return equal('line-generations', 0, strange.length, detail === '' ? `${certified} certified` : detail);
}

/** The lines of a generation add up to the certified sums. */
const sumsHold = ({ generation, totals }: CertificateBody, survey: Survey): boolean =>
  firstDifference(totals, survey.totalsOf(generation)) === undefined;

/** Feed, lines and certificate must have the same sums: the feed's come from entries and exceptions alone. */
function controlChecks({ generation, control, totals }: CertificateBody, survey: Survey): Check[] {
  const check = (name: string, certified: readonly CertifiedControl[], found: readonly CertifiedControl[]): Check => {
    const difference = firstDifference(certified, found);
    const [expected, actual] = [difference?.expected ?? inWords(certified), difference?.actual ?? inWords(found)];
    return equal(name, expected, actual, `generation ${generation}`);
  };
  return [
    check('control-totals', control, survey.controlOf(generation)),
    check('line-totals', totals, survey.totalsOf(generation)),
  ];
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
