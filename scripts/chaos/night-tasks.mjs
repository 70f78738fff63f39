/** The concurrent tasks of a stage of a night. Each task repeats its command until it is done, whatever strikes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChaosFailure, OUTAGE_CODES, requireDecentEnd, requireDecentRunnerEnd } from './ends.mjs';
import { startMagam } from './magam.mjs';
import { startStruck } from './struck-command.mjs';
import { pause } from './upheavals.mjs';

/** @typedef {import('./night-plan.mjs').Task} Task */
/** @typedef {import('./night-plan.mjs').TaskName} TaskName */
/** @typedef {import('./strikes.mjs').Strike} Strike */
/** @typedef {import('./magam.mjs').Ended} Ended */

/**
 * The shared context of the tasks of a stage.
 * @typedef {object} StageContext
 * @property {import('./night-plan.mjs').NightPlan} plan
 * @property {import('./night-feed.mjs').NightFiles} files
 * @property {string} from first date of the stage
 * @property {string} to
 * @property {(settings?: Readonly<Record<string, string | undefined>>) => NodeJS.ProcessEnv} environment of a command
 * @property {string | undefined} newerProgram
 * @property {number} limitMs within which a command ends
 * @property {number} until (ms since 1970) by which a task is done
 * @property {AbortSignal} othersDone the runners are told to stop then
 * @property {AbortSignal} failed nothing more is started then
 * @property {(kind: string) => void} count is called for each strike
 * @property {(pid: number, newer: boolean) => void} started is called for each process that settles
 * @property {string} strangeKey a signing key that nobody trusts
 */

const RUN_CODES = [...OUTAGE_CODES, 'PARTITION_FAILED', 'WORKER_DIED', 'IMPORT_IN_PROGRESS'];
const IMPORT_CODES = [...OUTAGE_CODES, 'IMPORT_RUNNING', 'IMPORT_TAKEN_OVER', 'IMPORT_UNFINISHED'];
const WITHDRAW_CODES = [...IMPORT_CODES, 'IMPORT_NOT_COMPLETED', 'IMPORT_NOT_OPEN', 'IMPORT_NOT_FOUND'];

/** @param {StageContext} context */
const runCodes = ({ plan }) => [
  ...RUN_CODES,
  ...(plan.newer ? ['RULES_DIFFER'] : []),
  ...(plan.replica ? ['RUN_LOST', 'EARLIER_DATE_OPEN'] : []),
];

/**
 * Runs a command once, with the next strike of the task.
 * @param {StageContext} context
 * @param {Task} task
 * @param {readonly string[]} args
 * @param {{ codes: readonly string[], settings?: Readonly<Record<string, string>> | undefined, newer?: boolean }} how
 */
async function once(context, task, args, { codes, settings, newer = false }) {
  context.failed.throwIfAborted();
  const strike = task.strikes.shift();
  const env = context.environment({ MAGAM_LINE_WRITER: task.numbers.writer, ...settings });
  const program = newer ? context.newerProgram : undefined;
  const magam = await startStruck([...args, '--json'], env, strike, context.count, {
    program,
    limitMs: context.limitMs,
  });
  if (args[0] === 'settle') context.started(magam.pid, newer);
  const ended = await magam.ended;
  try {
    return { ended, error: requireDecentEnd(ended, codes, strike) };
  } catch (error) {
    throw error instanceof ChaosFailure ? new ChaosFailure(`magam ${args.join(' ')}: ${error.message}`) : error;
  }
}

/**
 * Repeats the command until it is done.
 * @param {StageContext} context
 * @param {Task} task
 * @param {readonly string[]} args
 * @param {Parameters<typeof once>[3]} how
 * @param {(end: Awaited<ReturnType<typeof once>>) => boolean} [done]
 */
async function repeat(context, task, args, how, done = ({ ended }) => ended.code === 0) {
  for (let starts = 1; ; starts += 1) {
    const newer = context.newerProgram !== undefined && task.newer && starts % 2 === 0;
    const end = await once(context, task, args, { ...how, newer });
    if (done(end)) return end.ended;
    if (Date.now() > context.until)
      throw new ChaosFailure(
        `magam ${args.join(' ')} is not done after ${starts} starts; the last one: ${end.ended.stdout}${end.ended.stderr}`,
      );
    await pause(100);
  }
}

/** @param {StageContext} context @param {Task} task */
const settleArgs = ({ from, to, plan }, { numbers }) => {
  const options = { 'grid-size': plan.gridSize, workers: numbers.workers, 'chunk-size': numbers.chunkSize };
  return [
    'settle',
    '--from',
    from,
    '--to',
    to,
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
  ];
};

/** @param {Awaited<ReturnType<typeof once>>} end */
const isSettled = ({ ended: { code } }) => code === 0 || code === 3;

/** @param {StageContext} context @param {Task} task */
const settle = (context, task) =>
  repeat(context, task, settleArgs(context, task), { codes: runCodes(context) }, isSettled);

/**
 * Leaves the dates to the runners, and requests them again where a run failed or was stopped.
 * @param {StageContext} context
 * @param {Task} task
 */
async function request(context, task) {
  const codes = runCodes(context);
  const ask = () => repeat(context, task, [...settleArgs(context, task), '--request'], { codes });
  for (await ask(); ; await pause(300)) {
    const { ended } = await once(context, task, ['runs'], { codes });
    if (ended.code !== 0) continue;
    /** @type {{ runs: { date: string, status: string }[] }} */
    const { runs } = JSON.parse(ended.stdout);
    const here = runs.filter(({ date }) => date >= context.from && date <= context.to);
    if (here.length > 0 && here.every(({ status }) => status.startsWith('COMPLETED'))) return;
    if (Date.now() > context.until) throw new ChaosFailure(`the runners do not settle: ${JSON.stringify(here)}`);
    if (!here.some(({ status }) => status === 'REQUESTED' || status === 'RUNNING')) await ask();
  }
}

/**
 * Runs a runner, and another one when it has ended, until the other tasks of the stage are done.
 * @param {StageContext} context
 * @param {Task} task
 */
async function runner(context, task) {
  while (!context.othersDone.aborted) {
    const strike = task.strikes.shift();
    const env = context.environment({
      MAGAM_LINE_WRITER: task.numbers.writer,
      MAGAM_WORKERS: String(task.numbers.workers),
    });
    const newer = task.newer && context.newerProgram !== undefined;
    const magam = await startStruck(['runner'], env, strike, context.count, {
      program: newer ? context.newerProgram : undefined,
    });
    context.started(magam.pid, newer);
    let told = false;
    const stop = () => {
      told = strike === undefined;
      magam.send('SIGTERM');
    };
    if (context.othersDone.aborted) stop();
    context.othersDone.addEventListener('abort', stop);
    const ended = await inTime(magam, context, context.othersDone);
    context.othersDone.removeEventListener('abort', stop);
    requireDecentRunnerEnd(ended, told, strike);
    await pause(100);
  }
}

/**
 * Waits for its end. A runner that does not end after it was told to stop is killed after the time limit of every command.
 * @param {import('./magam.mjs').Magam} magam
 * @param {StageContext} context
 * @param {AbortSignal} [told] when it is told to stop; at once without it
 * @returns {Promise<Ended>}
 */
async function inTime(magam, { limitMs }, told) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let overdue = false;
  const watch = () => {
    timer = setTimeout(() => {
      overdue = true;
      magam.send('SIGKILL');
    }, limitMs);
  };
  if (told === undefined || told.aborted) watch();
  else told.addEventListener('abort', watch);
  const ended = await magam.ended;
  told?.removeEventListener('abort', watch);
  clearTimeout(timer);
  return { ...ended, overdue };
}

/** @param {StageContext} context @param {Task} task */
async function importRefunds(context, task) {
  const args = ['import', 'refunds', context.files.refunds, '--late', 'next-open-date'];
  await repeat(context, task, args, { codes: IMPORT_CODES });
}

/**
 * Imports lines while their dates are being closed; some of the lines are bad.
 * @param {StageContext} context
 * @param {Task} task
 */
async function importLate(context, task) {
  const rejects = join(context.files.folder, 'rejects.csv');
  const args = [
    'import',
    'lines',
    context.files.late,
    '--late',
    'next-open-date',
    '--skip-rejects',
    '--rejects',
    rejects,
  ];
  await repeat(context, task, args, { codes: IMPORT_CODES }, ({ ended }) => ended.code === 3);
  const rejected = readFileSync(rejects, 'utf8').trim().split('\n').slice(1);
  const codes = rejected.map((row) => row.split(',')[2]);
  if (codes.join() !== context.files.rejected.join()) throw new ChaosFailure(`the rejects file has ${codes.join()}`);
}

/**
 * Imports the wrong file and takes it back, at whatever point the import is.
 * @param {StageContext} context
 * @param {Task} task
 */
async function takeBack(context, task) {
  const before = Math.max(0, ...(await listImports(context)).map(({ importId }) => importId));
  let verb = 'abandon';
  for (;;) {
    const all = await listImports(context);
    const mine = all.find(({ importId, source }) => importId > before && source.endsWith('wrong.csv'));
    if (mine?.status === 'WITHDRAWN' || mine?.status === 'ABANDONED') return;
    if (mine?.status === 'COMPLETED') verb = 'withdraw';
    const args =
      mine === undefined ? ['import', 'lines', context.files.wrong] : ['imports', verb, String(mine.importId)];
    await once(context, task, args, { codes: mine === undefined ? IMPORT_CODES : WITHDRAW_CODES });
    if (Date.now() > context.until) throw new ChaosFailure(`the wrong file is not taken back: ${JSON.stringify(mine)}`);
    await pause(100);
  }
}

/**
 * @param {StageContext} context
 * @returns {Promise<{ importId: number, source: string, status: string }[]>} newest first
 */
async function listImports(context) {
  /** @type {Task} */
  const quiet = {
    name: 'take back',
    strikes: [],
    numbers: { workers: 1, chunkSize: 500, writer: 'auto' },
    newer: false,
  };
  return JSON.parse((await repeat(context, quiet, ['imports'], { codes: OUTAGE_CODES })).stdout);
}

/** @param {'terms' | 'mending'} file @returns {(context: StageContext, task: Task) => Promise<unknown>} */
const applyPolicies = (file) => (context, task) =>
  repeat(context, task, ['policies', 'apply', context.files[file]], { codes: OUTAGE_CODES });

/**
 * Runs a process that must always be refused with this code.
 * @param {string} code
 * @param {(context: StageContext) => Readonly<Record<string, string>>} settings
 * @returns {(context: StageContext, task: Task) => Promise<unknown>}
 */
const refused = (code, settings) => async (context, task) => {
  const how = { codes: [...runCodes(context), code], settings: settings(context) };
  await repeat(context, task, settleArgs(context, task), how, ({ ended, error }) => {
    if (error === code) return true;
    if (!isSettled({ ended, error })) return false;
    /** @type {{ runs: { alreadyDone: boolean }[] }} */
    const { runs } = JSON.parse(ended.stdout);
    if (runs.every(({ alreadyDone }) => alreadyDone) && code !== 'CLOCK_DIFFERS') return true; // there was nothing to certify
    throw new ChaosFailure(`a process that must be refused with ${code} settles: ${ended.stdout}`);
  });
};

/**
 * Neither a command nor a runner works with a clock that is wrong by this much.
 * @param {StageContext} context
 * @param {Task} task
 */
async function wrongClock(context, task) {
  const settings = { MAGAM_FAULT: `clock:${context.plan.feedSeed % 2 === 0 ? 90 : -86_400}` };
  await refused('CLOCK_DIFFERS', () => settings)(context, task);
  for (;;) {
    context.failed.throwIfAborted();
    const { code, stderr } = await inTime(startMagam(['runner'], context.environment(settings)), context);
    if (code === 1 && stderr.includes('CLOCK_DIFFERS')) return;
    if (code !== 1 || !OUTAGE_CODES.some((name) => stderr.includes(name)))
      throw new ChaosFailure(`a runner whose clock is wrong ends with ${code}:\n${stderr.slice(-4_000)}`);
    if (Date.now() > context.until) throw new ChaosFailure(`a runner whose clock is wrong is not refused:\n${stderr}`);
    await pause(100);
  }
}

/** @type {Record<TaskName, (context: StageContext, task: Task) => Promise<unknown>>} */
export const TASKS = {
  settle,
  request,
  runner,
  'import refunds': importRefunds,
  'import late lines': importLate,
  'take back': takeBack,
  'new terms': applyPolicies('terms'),
  'mend policies': applyPolicies('mending'),
  'wrong clock': wrongClock,
  'no key': refused('SIGNING_KEY_MISSING', () => ({ MAGAM_SIGNING_KEY: '', MAGAM_TRUSTED_KEYS: '' })),
  'strange key': refused('SIGNING_KEY_MISSING', ({ strangeKey }) => ({ MAGAM_SIGNING_KEY: strangeKey })),
};
