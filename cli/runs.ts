/** `magam runs`: the job history, a graceful stop, and the parked entries. */

import { type Command, Option } from 'commander';
import { legName } from '../core/feed/rules/leg.js';
import { CHAIN_HEAD, CHAIN_JOBS, stepOf } from '../core/jobs/rules/chain.js';
import { readStoppedSteps } from '../core/jobs/stores/chain.js';
import { requestStop } from '../core/jobs/stores/execution.js';
import { nothingOfDate } from '../core/settlement/date-states.js';
import { discardRun } from '../core/settlement/discard-run.js';
import { blockingRun } from '../core/settlement/due-date.js';
import {
  readSettlementExecutions,
  readSettlementPartitions,
  readSettlementPlans,
  type SettlementExecution,
  type SettlementPartition,
  type SettlementPlan,
} from '../core/settlement/run-history.js';
import { RUN_STATES, type RunState, runStateOf, statusOfRunState } from '../core/settlement/state-words.js';
import { readCertificateRecords } from '../core/settlement/stores/certificate.js';
import { streamExceptions } from '../core/settlement/stores/exception.js';
import { listRuns, type RunSummary, readRun, SETTLE } from '../core/settlement/stores/settlement-run.js';
import { type Cell, type Db, inTransaction, isoTime } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { found } from '../kernel/outcome.js';
import { auditIn } from './audit.js';
import { type CommandContext, readDate, wholeNumber, withDatabase } from './context.js';
import { count, counted, note, noteWhatToDoAbout, print, printJson, printTable, write } from './output.js';
import { printStepPartitions, printStepPlans } from './runs-step.js';

interface ListOptions {
  readonly job: string;
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly status?: RunState;
  readonly limit?: number;
  readonly all?: true;
}

/** The number of runs that are listed by default. */
const LISTED = 20;

const runIdOf = wholeNumber('ID', 1, 9_999_999_999);

export function runsCommands(runs: Command): void {
  runs
    .addOption(
      new Option('--job <job>', 'runs of this job of the chain, or of all')
        .choices([...CHAIN_JOBS, 'all'])
        .default(CHAIN_HEAD),
    )
    .option('--date <date>', 'only the run of this date: YYYY-MM-DD, today or yesterday')
    .option('--from <date>', 'only runs of this date and later ones')
    .option('--to <date>', 'only runs of this date and earlier ones')
    .addOption(new Option('--status <state>', 'only runs in this state').choices(RUN_STATES))
    .option('--limit <n>', 'show at most this many runs, latest dates first', wholeNumber('--limit', 1, 1_000_000))
    .option('--all', 'all runs')
    .action((options: ListOptions, command: Command) => withDatabase(command, (context) => list(context, options)));
  runs
    .command('show')
    .argument('<id>', 'id of a run')
    .description('show the history of a run: executions, partitions, claims, certificates')
    .action((id: string, _options, command: Command) => withRun(command, id, show));
  runs
    .command('stop')
    .argument('<id>', 'id of a run')
    .description('ask the processes that work on the run to stop after the current chunk; settle resumes the run')
    .action((id: string, _options, command: Command) => withRun(command, id, stop));
  runs
    .command('discard')
    .argument('<id>', 'id of a run')
    .description('give up a run that is not certified: deletes its lines and its plan; settle plans the date again')
    .action((id: string, _options, command: Command) => withRun(command, id, discard, { leased: true }));
  runs
    .command('exceptions')
    .argument('<id>', 'id of a run')
    .option('--all', 'include entries that were parked and have been settled since')
    .description('list the entries that the run parked, with the reason')
    .action((id: string, _options, command: Command) =>
      // `runs` has an option of this name, too, and takes it wherever it is written.
      withRun(command, id, (context, run) => exceptions(context, run, command.optsWithGlobals().all === true)),
    );
}

async function withRun(
  command: Command,
  id: string,
  work: (context: CommandContext, run: RunSummary) => Promise<void>,
  options: { readonly leased?: boolean } = {},
): Promise<void> {
  const runId = runIdOf(id);
  await withDatabase(
    command,
    async (context) => work(context, found(await readRun(context.db, runId), 'RUN_NOT_FOUND', { runId })),
    options,
  );
}

async function list({ db, config, today, json }: CommandContext, options: ListOptions): Promise<void> {
  const limit = limitOf(options);
  const jobs = options.job === 'all' ? CHAIN_JOBS : [options.job];
  const filter = { jobs, ...datesOf(options, today), ...(options.status && statusOfRunState(options.status)) };
  // One row more than is shown tells whether there are more.
  const found = await listRuns(db, filter, limit === undefined ? undefined : limit + 1);
  const [first] = found;
  if (first === undefined && options.date !== undefined && options.status === undefined)
    throw await nothingOfDate(db, 'RUN_NOT_FOUND', readDate(options.date, today));
  const runs = found.slice(0, limit).map((run) => ({ ...run, state: runStateOf(run.status, run.dead, run.job) }));
  const more = found.length > runs.length;
  const blocking = await blockingRun(db, config);
  if (json) return printJson({ runs, more, scheduleWaitsFor: blocking?.runId ?? null });
  if (first === undefined) return print('There are no such runs.');
  printTable(
    ['run', 'job', 'date', 'status', 'generation', 'sales', 'refunds', 'parked', 'updated'],
    runs.map((run) => [
      run.runId,
      run.job,
      run.date,
      run.state,
      run.generation,
      count(run.lines),
      count(run.refunds),
      count(run.exceptions),
      run.updatedAt,
    ]),
    ['run', 'generation', 'sales', 'refunds', 'parked'],
  );
  if (more) note(`Only the latest ${counted(runs.length, 'run')}; --all lists all, --limit another number.`);
  if (runs.some(({ state }) => state === 'dead'))
    note(
      'A run is dead when no process that works on it shows signs of life: a runner takes it up, or the command of its job (magam settle --date with its date).',
    );
  if (blocking !== undefined)
    note(
      `The schedule waits for run ${blocking.runId} of ${blocking.date}, which was stopped: magam settle --date ${blocking.date} resumes it, magam runs discard ${blocking.runId} gives it up.`,
    );
  await tellStoppedSteps(db);
}

/** Runs that were stopped, of the jobs that follow the settlement. */
async function tellStoppedSteps(db: Db): Promise<void> {
  for (const { runId, job, key } of await readStoppedSteps(db, CHAIN_JOBS.slice(1)))
    note(
      `Run ${runId} was stopped, and the jobs after ${job} of ${key} wait for it: ${stepOf(job)?.command(key)} resumes it.`,
    );
}

function limitOf({ limit, all }: ListOptions): number | undefined {
  if (all === true && limit !== undefined) throw new MagamError('USAGE', 'Give --limit or --all, not both.');
  return all === true ? undefined : (limit ?? LISTED);
}

function datesOf({ date, from, to }: ListOptions, today: string): { from?: string; to?: string } {
  if (date !== undefined && (from !== undefined || to !== undefined))
    throw new MagamError('USAGE', 'Give either --date, or --from and --to.');
  const [first, last] = [date ?? from, date ?? to].map((text) => text && readDate(text, today));
  if (first !== undefined && last !== undefined && first > last)
    throw new MagamError('USAGE', `--from ${first} is after --to ${last}.`, { from: first, to: last });
  return { ...(first && { from: first }), ...(last && { to: last }) };
}

async function show({ db, json }: CommandContext, run: RunSummary): Promise<void> {
  const { runId } = run;
  const plans = await readSettlementPlans(db, runId);
  const executions = await readSettlementExecutions(db, runId);
  const partitions = await readSettlementPartitions(db, runId);
  const certificates = run.job === SETTLE ? await readCertificateRecords(db, run.date) : [];
  const state = runStateOf(run.status, run.dead, run.job);
  if (json) return printJson({ ...run, state, plans, executions, partitions, certificates });
  print(`Run ${runId}: ${run.job} of ${run.date}, ${state}, generation ${run.generation}`);
  print(`created ${run.createdAt}, updated ${run.updatedAt}, completed ${run.completedAt ?? '-'}`);
  if (run.job === SETTLE) {
    print(
      `${counted(run.lines, 'sale')} and ${counted(run.refunds, 'refund')} settled, ${counted(run.exceptions, 'entry', 'entries')} parked`,
    );
    printPlans(plans);
  } else printStepPlans(plans);
  printExecutions(executions, run.job);
  (run.job === SETTLE ? printPartitions : printStepPartitions)(partitions);
  noteWhatToDoAbout([...executions, ...partitions].map(({ errorCode }) => errorCode));
  if (run.job !== SETTLE) return;
  print('\nCertificates');
  for (const { generation, hash, signed, certifiedAt } of certificates) {
    print(`generation ${generation}  ${hash}  ${signed ? 'signed' : 'not signed'}  ${certifiedAt}`);
  }
}

function printPlans(plans: readonly SettlementPlan[]): void {
  print('\nPlans');
  printTable(
    ['generation', 'grid', 'policies', 'sales', 'refunds', 'by execution', 'planned'],
    plans.map((plan) => [
      plan.generation,
      plan.gridSize,
      `revision ${plan.policyRevision}`,
      count(plan.sales),
      count(plan.refunds),
      plan.plannedBy,
      plan.plannedAt,
    ]),
    ['generation', 'grid', 'sales', 'refunds', 'by execution'],
  );
}

function printExecutions(executions: readonly SettlementExecution[], job: string): void {
  print('\nExecutions');
  printTable(
    [
      'execution',
      'generation',
      'status',
      'who',
      'where',
      'started',
      'seconds',
      'grid',
      'workers',
      'chunk',
      'entries',
      'per second',
      'exit',
    ],
    executions.map((it) => [
      it.executionId,
      it.generation,
      it.status === 'ABANDONED' ? 'dead' : runStateOf(it.status, it.dead, job),
      it.requestedBy,
      it.host === null ? '' : `${it.host}:${it.pid}`,
      it.startedAt,
      it.seconds?.toFixed(1),
      it.parameters.gridSize,
      it.parameters.workers,
      it.parameters.chunkRows,
      count(it.entries),
      it.entriesPerSecond === null ? '' : count(it.entriesPerSecond),
      it.exitCode,
    ]),
    ['execution', 'generation', 'seconds', 'grid', 'workers', 'chunk', 'entries', 'per second', 'exit'],
  );
  for (const it of executions) {
    if (it.dead) print(`execution ${it.executionId}: no heartbeat since ${it.heartbeatAt ?? it.startedAt}`);
    if (it.stopRequestedBy !== null) print(`execution ${it.executionId}: stop requested by ${it.stopRequestedBy}`);
    if (it.errorCode !== null || it.errorMessage !== null) {
      print(
        `execution ${it.executionId}: ${[it.errorCode, it.errorMessage].filter((part) => part !== null).join(': ')}`,
      );
    }
  }
}

function printPartitions(partitions: readonly SettlementPartition[]): void {
  print('\nPartitions');
  const rangeText = ({ after, through }: SettlementPartition['sales']): string =>
    after === through ? '' : `(${after}, ${through}]`;
  printTable(
    ['generation', 'number', 'status', 'sales', 'sale ids', 'refunds', 'refund ids', 'parked', 'chunks', 'claims'],
    partitions.map((it) => [
      it.generation,
      it.number,
      it.status,
      `${count(it.sales.lines)} of ${count(it.sales.entries)}`,
      rangeText(it.sales),
      `${count(it.refunds.lines)} of ${count(it.refunds.entries)}`,
      rangeText(it.refunds),
      count(it.exceptions),
      it.chunks,
      it.executions.map((claim) => `${claim.executionId} ${claim.status}`).join(', '),
    ]),
    ['generation', 'number', 'sales', 'refunds', 'parked', 'chunks'],
  );
  for (const it of partitions) {
    if (it.errorCode !== null || it.errorMessage !== null) {
      print(`partition ${it.number}: ${[it.errorCode, it.errorMessage].filter((part) => part !== null).join(': ')}`);
    }
  }
}

async function stop({ db, config, json }: CommandContext, run: RunSummary): Promise<void> {
  const { runId } = run;
  const asked = await inTransaction(db, (tx) => requestStop(tx, runId, config.userName));
  if (asked.running + asked.requested === 0)
    throw new MagamError('RUN_NOT_ACTIVE', undefined, { runId, status: run.status });
  if (json) return printJson({ runId, date: run.date, ...asked });
  if (asked.running > 0) print(`Asked ${asked.running} running execution(s) of run ${runId} to stop.`);
  if (asked.requested > 0) print(`Withdrew ${asked.requested} request(s) for run ${runId} that nobody had taken yet.`);
  const dead = (await readSettlementExecutions(db, runId)).filter((execution) => execution.dead);
  for (const { executionId, heartbeatAt } of dead)
    note(`Execution ${executionId} seems dead: no heartbeat since ${heartbeatAt}.`);
}

/** Throws RUN_NOT_FOUND for a run of another job. */
function requireSettlement({ runId, job }: RunSummary): void {
  if (job !== SETTLE)
    throw new MagamError('RUN_NOT_FOUND', `Run ${runId} is not a settlement but a run of ${job}.`, { runId, job });
}

async function discard({ db, config, json }: CommandContext, run: RunSummary): Promise<void> {
  requireSettlement(run);
  const discarded = await discardRun(db, run.runId, (tx, status, after) =>
    auditIn(tx, config, { action: 'run.discard', subject: ['run', String(run.runId)], before: { status }, after }),
  );
  if (json) return printJson(discarded);
  print(
    `Run ${run.runId} of ${run.date}: generation ${discarded.generation} is discarded, ${counted(discarded.lines, 'line')} removed. magam settle --date ${run.date} plans it anew.`,
  );
}

/** Any number of entries may be parked, so they are printed as they are read. */
async function exceptions({ db, json }: CommandContext, run: RunSummary, all: boolean): Promise<void> {
  requireSettlement(run);
  const { runId, date } = run;
  const line = json ? jsonException : textException;
  if (json) await write(`{"runId":${runId},"date":${JSON.stringify(date)},"exceptions":[`);
  const codes = new Set<string>();
  let written = 0;
  for await (const batch of streamExceptions(db, date, all)) {
    const before = json ? (written === 0 ? '\n' : ',\n') : '';
    await write(`${before}${batch.map(line).join(json ? ',\n' : '\n')}${json ? '' : '\n'}`);
    written += batch.length;
    for (const row of batch) codes.add(exceptionOf(row).code as string);
  }
  if (json) await write(`${written === 0 ? '' : '\n'}]}\n`);
  else {
    print(written === 0 ? 'Nothing is parked.' : `${counted(written, 'entry', 'entries')} of ${date}`);
    noteWhatToDoAbout(codes);
  }
}

function exceptionOf(row: Cell[]) {
  const [leg, entryId, orderId, lineId, refundId, code, details, generation, parkedAt, settledGeneration] = row;
  return {
    leg: legName(leg === 0 ? 0 : 1),
    entryId,
    orderId,
    lineId,
    refundId,
    code,
    details: String(details),
    generation,
    parkedAt: isoTime(String(parkedAt)),
    settledGeneration,
  };
}

function jsonException(row: Cell[]): string {
  const it = exceptionOf(row);
  return JSON.stringify({ ...it, details: parsedDetails(it.details) });
}

function parsedDetails(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // cut off at the width of its column
  }
}

function textException(row: Cell[]): string {
  const it = exceptionOf(row);
  const name =
    it.leg === 'sale' ? `sale ${it.orderId} ${it.lineId}` : `refund ${it.refundId} of ${it.orderId} ${it.lineId}`;
  const settled = it.settledGeneration === null ? '' : `  (settled since, generation ${it.settledGeneration})`;
  return `${name}  ${it.code}  ${it.details}${settled}`;
}
