/** `magam settle`: runs, joins or resumes the settlement of a date, or of every date of a range in order. */
import type { Command } from 'commander';
import type { SettleReport } from '../batch/jobs/settle/report.js';
import { settleRange } from '../batch/jobs/settle/settle-range.js';
import { isCompleted } from '../core/jobs/stores/run.js';
import { type ClosingOptions, requireClosableRange } from '../core/settlement/closable-date.js';
import { requestRuns } from '../core/settlement/request-runs.js';
import { type CurrencyTotals, sumOfTotals } from '../core/settlement/rules/currency-totals.js';
import { dateWords, runStateOf } from '../core/settlement/state-words.js';
import { readPlatformTime } from '../infra/platform-time.js';
import { datesBetween } from '../kernel/business-date.js';
import { type CountOrShare, parseCountOrShare } from '../kernel/count-or-share.js';
import { MagamError } from '../kernel/errors.js';
import { type CommandContext, readDate, wholeNumber, withDatabase } from './context.js';
import { count, counted, note, print, printJson } from './output.js';
import { type Progress, startProgress } from './progress.js';
import { openPools, type Pools } from './threads.js';
import { totalsTable } from './totals-table.js';

interface SettleOptions {
  date?: string;
  from?: string;
  to?: string;
  gridSize: number;
  workers?: number;
  chunkSize?: number;
  dryRun?: boolean;
  wait: boolean;
  request?: boolean;
  exceptionsMax?: CountOrShare;
  allowEmpty?: boolean;
  allowUnfinishedDay?: boolean;
}

export function settleCommand(command: Command): void {
  command
    .option('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .option('--from <date>', 'with --to: every date of a range, in order')
    .option('--to <date>', 'the last date of the range')
    .option('--grid-size <n>', 'partitions of a new plan', wholeNumber('--grid-size', 1, 10_000), 10)
    .option(
      '--workers <n>',
      'worker threads (default: MAGAM_WORKERS, or the number of cores, from 2 to 8)',
      wholeNumber('--workers', 1, 64),
    )
    .option(
      '--chunk-size <rows>',
      'entries per transaction (default: MAGAM_CHUNK_SIZE, or 4000)',
      wholeNumber('--chunk-size', 1, 50_000),
    )
    .option(
      '--exceptions-max <limit>',
      'fail, before the date is closed, when more entries would be parked: a number, or a share such as 0.5% (default: MAGAM_EXCEPTIONS_MAX)',
      exceptionsMax,
    )
    .option('--dry-run', 'compute everything, write nothing')
    .option('--allow-empty', 'close dates that have no entries, too')
    .option('--allow-unfinished-day', 'close today, which is not over')
    .option('--no-wait', 'exit with 5 when somebody else works on the run, instead of joining it')
    .option('--request', 'leave the work to a runner (magam runner): only record the request')
    .action(async (options: SettleOptions, command: Command) => {
      await withDatabase(command, (context) => settle(context, options), { poolMax: () => 12, leased: true });
    });
}

function exceptionsMax(text: string): CountOrShare {
  const limit = parseCountOrShare(text);
  if (limit !== undefined) return limit;
  throw new MagamError(
    'USAGE',
    `--exceptions-max takes a number of entries or a share such as 0.5%, not ${JSON.stringify(text)}.`,
    { option: '--exceptions-max', value: text },
  );
}

async function settle(given: CommandContext, options: SettleOptions): Promise<void> {
  const { exceptionsMax = given.config.exceptionsMax } = options;
  const context = { ...given, config: { ...given.config, exceptionsMax } };
  const { config, json, signal } = context;
  if (options.request === true && options.exceptionsMax !== undefined)
    throw new MagamError(
      'USAGE',
      '--exceptions-max is for a run in the foreground; runners have MAGAM_EXCEPTIONS_MAX.',
    );
  if (options.request === true && options.dryRun === true)
    throw new MagamError('USAGE', '--dry-run is carried out in the foreground; --request leaves the work to a runner.');
  const dates = datesOf(options, context.today);
  // Checked before the first of several dates is closed. A single date is checked when it is closed or requested.
  if (dates.length > 1) {
    const now = await readPlatformTime(context.db, config.timeZone);
    await requireClosableRange(context.db, dates, now, closingOptions(options));
  }
  if (options.request === true) return request(context, dates, options);
  const pools = openPools(config, context.databaseUrl);
  const reports = await settleDates(context, pools, dates, options).finally(() => pools.close());
  if (json)
    printJson(
      options.date === undefined
        ? { from: dates[0], to: dates.at(-1), runs: reports.map(document) }
        : document(reports[0] as SettleReport),
    );
  process.exitCode = exitCode(reports, signal.aborted && reports.length < dates.length);
}

async function settleDates(
  context: CommandContext,
  pools: Pools,
  dates: readonly string[],
  options: SettleOptions,
): Promise<SettleReport[]> {
  const { db, config, json, signal } = context;
  const reports: SettleReport[] = [];
  const workers = options.workers ?? config.workers;
  const isRange = options.date === undefined;
  const startedAt = performance.now();
  let progress: Progress | undefined;
  const onTurn = (date: string): Progress['update'] => {
    progress = startProgress(`Settling ${date}`, 'entries');
    return progress.update;
  };
  const onOutage: Progress['outage'] = (outage) => progress?.outage(outage);
  const onReport = (report: SettleReport): void => {
    progress?.stop();
    reports.push(report);
    if (!json) (isRange ? printLine : printReport)(report);
  };
  await pools
    .share(workers, (lender) =>
      settleRange({ db, config, pools: lender, signal, onTurn, onReport, onOutage }, dates, {
        gridSize: options.gridSize,
        workers,
        chunkRows: options.chunkSize ?? config.chunkRows,
        requestedBy: config.userName,
        options: closingOptions(options),
        dryRun: options.dryRun ?? false,
        wait: options.wait,
        onStop: 'stop-run',
      }),
    )
    .finally(() => {
      progress?.stop();
      const seconds = Math.round(performance.now() - startedAt) / 1_000;
      if (isRange && !json && reports.length > 0) printSummary(reports, dates, seconds);
    });
  return reports;
}

/** Records a request for each date; a runner takes them in order. */
async function request(
  { db, config, json, redisUrl }: CommandContext,
  dates: readonly string[],
  options: SettleOptions,
): Promise<void> {
  const now = await readPlatformTime(db, config.timeZone);
  const requests = await requestRuns(db, dates, now, {
    gridSize: options.gridSize,
    workers: options.workers ?? config.workers,
    chunkRows: options.chunkSize ?? config.chunkRows,
    requestedBy: config.userName,
    options: closingOptions(options),
  });
  const { wakeRunners } = await import('../infra/wake.js'); // only a request needs Redis
  await wakeRunners(redisUrl);
  if (json) printJson({ requests });
  else
    for (const { date, runId, executionId } of requests)
      print(`${date}: requested as execution ${executionId} of run ${runId}; magam runs show ${runId} follows it.`);
}

const closingOptions = ({ allowEmpty, allowUnfinishedDay }: SettleOptions): ClosingOptions => ({
  ...(allowEmpty === true && { allowEmpty }),
  ...(allowUnfinishedDay === true && { allowUnfinishedDay }),
});

function datesOf({ date, from, to }: SettleOptions, today: string): string[] {
  if (date !== undefined && from === undefined && to === undefined) return [readDate(date, today)];
  if (date !== undefined || from === undefined || to === undefined)
    throw new MagamError('USAGE', 'settle takes --date, or --from with --to.');
  const dates = datesBetween(readDate(from, today), readDate(to, today));
  if (dates.length === 0) throw new MagamError('USAGE', `--from ${from} is after --to ${to}.`, { from, to });
  return dates;
}

function exitCode(reports: readonly SettleReport[], interrupted: boolean): number {
  if (interrupted || reports.some(({ status }) => status === 'STOPPED')) return 130;
  if (reports.some(({ status }) => status === 'FAILED')) return 1;
  return reports.some(({ exceptions }) => exceptions > 0) ? 3 : 0;
}

const document = (report: SettleReport): object => ({ ...report, peakMemoryBytes: peakMemoryBytes() });

/** For the whole process, with all threads. */
const peakMemoryBytes = (): number => process.resourceUsage().maxRSS * 1024;

/** The report of a single date: the outcome, the speed, the totals and the certificate. */
function printReport(report: SettleReport): void {
  const { alreadyDone, entries, seconds, workers, partitions, totals, certificate } = report;
  for (const notice of report.notices) note(notice);
  print(outcomeOf(report));
  if (!alreadyDone)
    print(
      `${seconds} s, ${perSecond(entries, seconds)} entries a second, ${workers} workers, ${counted(partitions, 'partition')}.`,
    );
  printTotals(totals);
  if (certificate !== null) print(`Certificate ${certificate.hash} (generation ${certificate.generation})`);
}

const perSecond = (entries: number, seconds: number): string => count(Math.round(entries / Math.max(seconds, 0.001)));

/** One line for a date of a range. */
function printLine(report: SettleReport): void {
  for (const notice of report.notices) note(`${report.date}: ${notice}`);
  print(report.alreadyDone ? outcomeOf(report) : `${outcomeOf(report)} ${report.seconds} s.`);
}

/** The outcome of a date, in a sentence. */
function outcomeOf(report: SettleReport): string {
  const { date, runId, status, alreadyDone, lines, refunds, exceptions } = report;
  const what = `${counted(lines, 'sale')} and ${counted(refunds, 'refund')}`;
  const parked = exceptions > 0 ? `, ${count(exceptions)} parked` : '';
  if (alreadyDone && runId === null) return `${date}: ${dateWords.CLOSED_EMPTY}.`;
  if (alreadyDone) return `${date}: ${dateWords.SETTLED} already. ${what}${parked}.`;
  if (runId === null) {
    const wouldBe = exceptions > 0 ? `, ${count(exceptions)} would be parked` : '';
    return `${date}, dry run: ${what}${wouldBe}. Nothing was written.`;
  }
  if (status === 'STOPPED') return `${date}: stopped after ${what}; the same command resumes it.`;
  const where = exceptions > 0 ? ` (magam runs exceptions ${runId})` : '';
  return `${date}: ${isCompleted(status) ? dateWords.SETTLED : runStateOf(status, false)}. ${what}${parked}${where}.`;
}

/** The outcome of a range: the number of settled dates, and the sums over them. */
function printSummary(reports: readonly SettleReport[], dates: readonly string[], seconds: number): void {
  const sum = (of: (report: SettleReport) => number): number => reports.reduce((all, report) => all + of(report), 0);
  const settled = reports.filter(({ status }) => isCompleted(status)).length;
  const [sales, refunds, parked] = [sum(({ lines }) => lines), sum((one) => one.refunds), sum((one) => one.exceptions)];
  const entries = sum((one) => one.entries);
  print(
    `${dates[0]} to ${dates.at(-1)}: ${count(settled)} of ${counted(dates.length, 'date')} ${dateWords.SETTLED}. ` +
      `${counted(sales, 'sale')} and ${counted(refunds, 'refund')}${parked > 0 ? `, ${count(parked)} parked` : ''}.`,
  );
  if (entries > 0) print(`${seconds} s, ${perSecond(entries, seconds)} entries a second.`);
  printTotals(sumOfTotals(reports.flatMap(({ totals }) => totals)));
}

function printTotals(totals: readonly CurrencyTotals[]): void {
  if (totals.length > 0) print(totalsTable(totals));
}
