/** `magam verify`: recomputes closed dates from the stored rows, prints each check, and exits with 4 if there is a difference. */
import type { Command } from 'commander';
import colours from 'picocolors';
import type { JobContext } from '../batch/engine/job.js';
import type { Check } from '../batch/jobs/verify/check.js';
import { tellVerification } from '../batch/jobs/verify/tell-verification.js';
import { type Verification, verifyDate } from '../batch/jobs/verify/verify-date.js';
import { verifyRange } from '../batch/jobs/verify/verify-range.js';
import { dateWords } from '../core/settlement/state-words.js';
import { errorText } from '../infra/database-errors.js';
import { survivingOutage } from '../infra/survive-outage.js';
import { MagamError } from '../kernel/errors.js';
import { auditCommand } from './audit.js';
import { type CommandContext, readDate, withDatabase } from './context.js';
import { count, counted, note, noteDifference, print, printJson, printTable } from './output.js';
import { startProgress } from './progress.js';
import { openPools } from './threads.js';

interface Options {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
}

export function verifyCommand(command: Command): void {
  command
    .option('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .option('--from <date>', 'first date of a range, instead of --date')
    .option('--to <date>', 'last date of the range (default: --from)')
    .action((options: Options, command: Command) => verify(options, command));
}

async function verify(options: Options, command: Command): Promise<void> {
  const { date, from, to } = options;
  if ((date === undefined) === (from === undefined) || (to !== undefined && from === undefined))
    throw new MagamError('USAGE', 'Give either --date, or --from and --to.');
  await withDatabase(command, async (context) => {
    // The signal may have come before the listener was added.
    if (context.signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal.');
    context.signal.addEventListener('abort', () => process.exit(130)); // it only reads, so there is nothing to finish
    const { today } = context;
    const ok =
      date === undefined
        ? await verifyDates(context, readDate(from as string, today), readDate(to ?? (from as string), today))
        : await verifyOne(context, readDate(date, today));
    if (!ok) noteDifference('VERIFICATION_FAILED');
  });
}

/** What a verification needs, and how long it took. */
async function working<T>(
  { db, config, databaseUrl, signal }: CommandContext,
  work: (context: JobContext) => Promise<T>,
): Promise<{ result: T; seconds: number }> {
  const started = performance.now();
  const progress = startProgress('Verifying', 'lines');
  const pools = openPools(config, databaseUrl);
  const result = await work({
    db,
    config,
    pools,
    signal,
    onProgress: progress.update,
    onOutage: progress.outage,
  }).finally(() => {
    progress.stop();
    return pools.close();
  });
  return { result, seconds: Math.round(performance.now() - started) / 1000 };
}

async function verifyOne(context: CommandContext, date: string): Promise<boolean> {
  const { config, signal, json } = context;
  const { result, seconds } = await working(context, (job) =>
    survivingOutage({ outageMs: config.outageMs, signal, onOutage: job.onOutage }, () => verifyDate(job, date)),
  );
  await record(context, result);
  const { ok, generations, lines, changes, checks } = result;
  if (json) {
    printJson({ date, ok, generations, lines, seconds, changes, checks });
    return ok;
  }
  printChanges(result);
  printTable(
    ['', 'check', 'what'],
    checks.map((check) => [verdictOf(check.ok), check.name, check.detail]),
  );
  printDifferences(checks);
  print(
    `\n${date}: ${stateOf(result)}, ${inWords(ok)}. ${counted(lines, 'line')}, ${counted(generations, 'certificate')}, ${seconds} s.`,
  );
  return ok;
}

/** Verifies every date of the range; a difference in one does not stop the verification of the others. */
async function verifyDates(context: CommandContext, from: string, to: string): Promise<boolean> {
  if (from > to) throw new MagamError('USAGE', `--from ${from} is later than --to ${to}.`);
  const { json } = context;
  const { result: dates, seconds } = await working(context, async (job) => {
    const all: Verification[] = [];
    for await (const verification of verifyRange(job, from, to)) {
      await record(context, verification);
      if (!json) printLine(verification);
      all.push(keepTelling(verification, json));
    }
    return all;
  });
  const differing = dates.filter(({ ok }) => !ok);
  const ok = differing.length === 0;
  if (json) {
    const checks = dates.flatMap(({ date, checks }) => checks.map((check) => ({ date, ...check })));
    const shown = dates.map(({ date, ok, generations, lines, changes }) => ({ date, ok, generations, lines, changes }));
    printJson({ from, to, ok, dates: shown, seconds, checks });
    return ok;
  }
  for (const { date, checks } of differing) printDifferences(checks, `${date} `);
  const lines = dates.reduce((sum, one) => sum + one.lines, 0);
  const verdict = ok ? `each ${inWords(ok)}` : `${count(differing.length)} of them ${inWords(ok)}`;
  print(`\n${from} to ${to}: ${counted(dates.length, 'date')}, ${verdict}. ${counted(lines, 'line')}, ${seconds} s.`);
  return ok;
}

/** One line for a date of a range, followed by what was changed. */
function printLine(verification: Verification): void {
  const { date, ok, lines, generations, checks } = verification;
  const counts = `${counted(lines, 'line')}, ${counted(generations, 'certificate')}, ${counted(checks.length, 'check')}`;
  print(`${date}: ${stateOf(verification)}, ${inWords(ok)}. ${counts}.`);
  printChanges(verification);
}

function printChanges({ date, changes }: Verification): void {
  if (changes.length === 0) return;
  print(`Changed on ${date}:`);
  for (const change of changes) print(`  ${change}`);
  print();
}

/** Records the verification in the audit log, and raises or ends the alarm about a difference. An auditor's account and a replica can only read; they can verify all the same. */
async function record({ db, config }: CommandContext, verification: Verification): Promise<void> {
  const { date, ok, lines, generations, changes } = verification;
  await auditCommand(db, config, {
    action: 'date.verify',
    subject: ['date', date],
    after: { ok, lines, generations, ...(ok ? {} : { changes }) },
  });
  await tellVerification(db, verification).catch((error: unknown) =>
    note(`The alarm of this verification could not be raised or ended: ${errorText(error)}`),
  );
}

const stateOf = ({ generations }: Verification): string => dateWords[generations === 0 ? 'CLOSED_EMPTY' : 'SETTLED'];

/** In the text for people, passed checks are only counted, because a range may be long. */
const keepTelling = (verification: Verification, json: boolean): Verification =>
  json ? verification : { ...verification, checks: verification.checks.filter(({ ok }) => !ok) };

const verdictOf = (ok: boolean): string => (ok ? colours.green('ok') : colours.red('FAIL'));
const inWords = (ok: boolean): string => (ok ? 'as it was certified' : colours.red('NOT AS IT WAS CERTIFIED'));

function printDifferences(checks: readonly Check[], of = ''): void {
  for (const { name, expected, actual, detail } of checks.filter(({ ok }) => !ok))
    print(`\n${of}${name}: ${detail ?? ''}\n  expected ${expected}\n  actual   ${actual}`);
}
