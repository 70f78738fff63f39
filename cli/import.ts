/** `magam import lines|refunds FILE`, `magam imports` with `abandon ID` and `withdraw ID`: files of other systems into the feed. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ImportRequest, type ImportResult, importFile } from '../core/feed/import/import-file.js';
import type { RowFault } from '../core/feed/import/row-faults.js';
import type { CurrencySum, Understood } from '../core/feed/import/understood.js';
import { withdrawCompletedImport } from '../core/feed/import/withdraw-completed.js';
import { abandonImport } from '../core/feed/import/withdraw-import.js';
import { type ImportRecord, listImports } from '../core/feed/stores/feed-import.js';
import { readPolicies } from '../core/policies/stores/fee-policy.js';
import { databaseTime } from '../infra/database.js';
import { isTimeZone } from '../infra/time-zone.js';
import { MagamError } from '../kernel/errors.js';
import { type CommandContext, wholeNumber, withDatabase } from './context.js';
import { count, counted, money, note, noteWhatToDoAbout, print, printJson, printTable } from './output.js';
import { type Progress, startProgress } from './progress.js';

interface ImportOptions {
  readonly map?: string;
  readonly encoding: string;
  readonly timeZone?: string;
  readonly skipRejects?: true;
  readonly rejects?: string;
  readonly late?: 'next-open-date';
  readonly dryRun?: true;
}

const IMPORTS_SHOWN = 50;
/** The transactions of a frozen import end before the process that takes it over gives up waiting for its row locks (30 s). */
const SILENCE_SECONDS = 10;

/** `magam import`. */
export function importCommands(group: Command): void {
  addImport(group, 'lines', 'import confirmed order lines');
  addImport(group, 'refunds', 'import refunds of order lines that are in the feed');
}

/** `magam imports`. */
export function importsCommands(imports: Command): void {
  imports.action(async (_options, command: Command) => withDatabase(command, showImports));
  imports
    .command('abandon')
    .description('withdraw what an unfinished import wrote')
    .argument('<id>', 'the number of the import', wholeNumber('ID', 1, 9_999_999_999))
    .action(async (importId: number, _options, command: Command) => {
      await withDatabase(command, async ({ db, config, json, signal }) => {
        const record = await abandonImport(db, importId, { outageMs: config.outageMs, signal });
        if (json) printJson(shown(record));
        else print(`Import ${importId} is withdrawn: none of its rows are in the feed.`);
      });
    });
  addWithdraw(imports);
}

function addWithdraw(imports: Command): void {
  imports
    .command('withdraw')
    .description('take a completed import back while its dates are open and no refund refers to it')
    .argument('<id>', 'the number of the import', wholeNumber('ID', 1, 9_999_999_999))
    .action(async (importId: number, _options, command: Command) => {
      await withDatabase(command, async ({ db, config, json, signal }) => {
        const { userName, outageMs } = config;
        const record = await withdrawCompletedImport(db, importId, userName, { outageMs, signal });
        if (json) printJson(shown(record));
        else print(`Import ${importId} is withdrawn: none of its rows are in the feed.`);
      });
    });
}

function addImport(group: Command, kind: 'lines' | 'refunds', description: string): void {
  group
    .command(kind)
    .description(description)
    .argument('<file>', 'a CSV file with a header')
    .option('--map <file>', 'JSON file: {"our_column": "their column", "currency": "=BRL"}')
    .option('--encoding <name>', 'how the file is written', 'utf-8')
    .option('--time-zone <zone>', 'zone of time stamps without an offset (default: the platform’s)', timeZone)
    .option('--dry-run', 'only check the file and show how it is understood')
    .option('--skip-rejects', 'import the good rows of a file that has bad ones')
    .option('--rejects <file>', 'write every bad row to this CSV file: line, column, code, value')
    .addOption(
      new Option('--late <rule>', 'settle entries of closed dates on the next open date').choices(['next-open-date']),
    )
    .action(async (file: string, options: ImportOptions, command: Command) => {
      await withDatabase(command, (context) => runImport(context, kind, file, options), {
        silenceSeconds: SILENCE_SECONDS,
      });
    });
}

function timeZone(name: string): string {
  if (isTimeZone(name)) return name;
  throw new InvalidArgumentError('It is not an IANA time zone such as Asia/Seoul.');
}

async function runImport(
  context: CommandContext,
  kind: 'lines' | 'refunds',
  file: string,
  options: ImportOptions,
): Promise<void> {
  const { db, config, json, signal } = context;
  if (options.rejects !== undefined && resolve(options.rejects) === resolve(file)) {
    throw new MagamError('USAGE', '--rejects names the file that is imported.', { file });
  }
  const started = performance.now();
  const progress = stagedProgress();
  const request: ImportRequest = {
    kind,
    file,
    mappingFile: options.map ?? null,
    encoding: options.encoding,
    timeZone: options.timeZone ?? config.timeZone,
    platformTimeZone: config.timeZone,
    skipRejects: options.skipRejects === true,
    rejectsFile: options.rejects ?? null,
    late: options.late !== undefined,
    dryRun: options.dryRun === true,
    requestedBy: config.userName,
    policies: await readPolicies(db),
    deadlineMs: config.chunkDeadlineMs,
    outageMs: config.outageMs,
    writer: config.lineWriter,
    signal,
    onProgress: progress.update,
    onOutage: progress.outage,
  };
  const result = await importFile(db, request).finally(progress.stop);
  const seconds = Math.round(performance.now() - started) / 1_000;
  for (const notice of result.notices) note(notice);
  if (result.rejected > 0 && options.rejects === undefined) noteRejects(result.rejects, result.rejected);
  if (json) printJson({ ...result, seconds });
  else printResult(result, seconds);
  if (result.rejected > 0) process.exitCode = 3;
}

/** One bar per pass. */
function stagedProgress(): { update: ImportRequest['onProgress']; outage: Progress['outage']; stop: () => void } {
  let stage = 'Importing';
  let progress: Progress | undefined;
  return {
    update(name, done, total) {
      if (name !== stage || progress === undefined) {
        progress?.stop();
        progress = startProgress(name, 'rows');
        stage = name;
      }
      progress.update(done, total);
    },
    outage(outage) {
      progress ??= startProgress(stage, 'rows');
      progress.outage(outage);
    },
    stop: () => progress?.stop(),
  };
}

function noteRejects(rejects: readonly RowFault[], rejected: number): void {
  for (const { line, column, code, value } of rejects) note(`line ${line}: ${column} ${code} ${JSON.stringify(value)}`);
  note(`${count(rejected)} rows were rejected; --rejects FILE names them all.`);
  noteWhatToDoAbout(rejects.map(({ code }) => code));
}

function printResult(result: ImportResult, seconds: number): void {
  const parts = [
    `${count(result.imported)} new`,
    `${count(result.unchanged)} unchanged`,
    `${count(result.rejected)} rejected`,
  ];
  const late = result.lateOn === null ? '' : ` Late entries are settled on ${result.lateOn}.`;
  const what = result.importId === null ? 'Dry run' : `Import ${result.importId}`;
  const nothing = result.importId === null ? ' Nothing was written.' : '';
  print(`${what}: ${count(result.rows)} rows in ${seconds} s: ${parts.join(', ')}.${late}${nothing}`);
  for (const line of understoodLines(result.understood)) print(line);
}

/** How the file was understood, so that a person can compare it with the source. */
function understoodLines({ rows, sums, ...it }: Understood): string[] {
  if (rows === 0) return [];
  const zone = it.timeZone === it.platformTimeZone ? it.timeZone : `${it.timeZone}, as days of ${it.platformTimeZone}`;
  const dates = it.firstDate === it.lastDate ? it.firstDate : `${it.firstDate} to ${it.lastDate}`;
  const uncovered = it.withoutPolicy ?? 0;
  return [
    `Understood: ${counted(rows, 'row')} of ${counted(it.sellers, 'seller')}, ${dates}, time stamps without an offset in ${zone}.`,
    ...sums.map((sum) => `  ${counted(sum.rows, 'row')} in ${sum.currency}: ${amounts(sum)}`),
    ...(uncovered === 0
      ? []
      : [`  No fee policy covers ${counted(uncovered, 'line')} as of now: they would be parked.`]),
  ];
}

function amounts({ currency, ...sum }: CurrencySum): string {
  const others = [
    ['shipping', sum.shippingFee],
    ['seller discount', sum.sellerDiscount],
    ['platform discount', sum.platformDiscount],
  ] as const;
  const shown = others
    .filter(([, amount]) => amount !== 0)
    .map(([name, amount]) => `, ${name} ${money(amount, currency)}`);
  return `items ${money(sum.itemAmount, currency)}${shown.join('')}`;
}

async function showImports({ db, json }: CommandContext): Promise<void> {
  const records = await listImports(db, IMPORTS_SHOWN);
  if (json) return printJson(records.map(shown));
  if (records.length === 0) return print('There are no imports.');
  const head = ['ID', 'KIND', 'STATUS', 'SOURCE', 'ROWS', 'DONE', 'NEW', 'UNCHANGED', 'REJECTED', 'BY', 'BEGUN (UTC)'];
  const rows = records.map((record) => [
    record.importId,
    record.kind,
    record.status,
    record.source,
    count(record.rowsTotal),
    count(record.rowsDone),
    count(record.rowsNew),
    count(record.rowsUnchanged),
    count(record.rowsRejected),
    record.requestedBy,
    databaseTime(record.createdAt).slice(0, 19),
  ]);
  printTable(head, rows, ['ID', 'ROWS', 'DONE', 'NEW', 'UNCHANGED', 'REJECTED']);
}

/** An import in JSON; times are in ISO 8601, UTC. */
function shown(record: ImportRecord): object {
  return {
    importId: record.importId,
    kind: record.kind,
    status: record.status,
    source: record.source,
    rows: record.rowsTotal,
    rowsDone: record.rowsDone,
    imported: record.rowsNew,
    unchanged: record.rowsUnchanged,
    rejected: record.rowsRejected,
    lateOn: record.lateOn,
    errorCode: record.errorCode,
    host: record.host,
    requestedBy: record.requestedBy,
    createdAt: record.createdAt,
    completedAt: record.completedAt,
  };
}
