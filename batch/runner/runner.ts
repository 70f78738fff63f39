/**
 * The batch runner: a daemon, any number of them. One leads and schedules; all take requests and join runs that are under
 * way, so another runner finishes a run whose process died. Each job has a loop of its own, so no job waits for another.
 */
import { randomUUID } from 'node:crypto';
import {
  abandonDeadExecutions,
  type ExecutionParameters,
  lastOptions,
  requestedExecutions,
  stopForsakenRuns,
  takeRequest,
} from '../../core/jobs/stores/execution.js';
import { jobsWithWork, runningKeys } from '../../core/jobs/stores/run.js';
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { gathered } from '../../infra/gathered.js';
import { clockNotice, type PlatformTime, readPlatformTime } from '../../infra/platform-time.js';
import { fenceLeadership, holdLeadership, resignLeadership } from '../../infra/stores/leader-lease.js';
import { MagamError } from '../../kernel/errors.js';
import { thisWorker } from '../engine/execution-record.js';
import type { Job, JobRequest, Scheduled } from '../engine/job.js';
import { runJob } from '../engine/run-job.js';
import type { WorkerPools } from '../engine/worker-pool.js';

export interface RunnerContext {
  readonly db: Db;
  readonly config: Config;
  readonly pools: WorkerPools;
  /** The jobs that it carries out. Requests for other jobs stay as they are. */
  readonly jobs: readonly Job[];
  /** When aborted, the runner finishes the chunk in hand, leaves the run to others, and ends. */
  readonly signal: AbortSignal;
  /** Resolves at the next knock or after `ms`. */
  readonly idle: (ms: number) => Promise<void>;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
}

/** The leader's lease; the name is stored. */
const LEADER = 'settle-schedule';
const POLL_MS = 1_000;
const OUTAGE_PAUSE_MS = 3_000;
const BLOCKED_TOLD_MS = 10 * 60_000;

/** Runs until the signal. It waits for a database that is away. */
export async function runRunner(context: RunnerContext): Promise<void> {
  const { db, config, log, jobs } = context;
  const owner = randomUUID();
  log('info', { settleAt: config.settleAt, timeZone: config.timeZone, pid: process.pid }, 'runner started');
  const shared: Shared = { owner, survey: surveying(context, owner), inTurn: inTurn(), rest: restingTogether(context) };
  await Promise.all(jobs.map((job) => serveJob(context, job, shared)));
  await resignLeadership(db, LEADER, owner).catch(() => undefined);
  log('info', {}, 'runner stopped');
}

/** What the loops of all jobs have in common. */
interface Shared {
  /** Of this runner, as the leader. */
  readonly owner: string;
  readonly survey: () => Promise<Survey>;
  /** One loop after the other does this work: then one connection serves all of them. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves at the next knock, and after `POLL_MS` at the latest. */
  readonly rest: () => Promise<void>;
}

/** What a loop learns before it looks for work of its job. */
interface Survey {
  /** Undefined: another runner leads. */
  readonly epoch: number | undefined;
  /** The jobs for which a request or a run waits. */
  readonly awaited: ReadonlySet<string>;
}

/** Checks the clock, does what is the leader's for all jobs, and looks which jobs have work: once for all loops that ask in the same turn. */
function surveying({ db, config, log }: RunnerContext, owner: string): Shared['survey'] {
  const watchClock = clockWatch(log);
  const look = async (): Promise<Survey> => {
    // A process with another clock or zone than the database does nothing, however long it has been running.
    watchClock(await readPlatformTime(db, config.timeZone));
    const epoch = await holdLeadership(db, LEADER, owner, config.leaseMs);
    if (epoch !== undefined) {
      await stopForsakenRuns(db);
      await abandonDeadExecutions(db);
    }
    return { epoch, awaited: await jobsWithWork(db) };
  };
  const ask = gathered<undefined, Survey>(async (asks) => {
    const survey = await look();
    return asks.map(() => survey);
  });
  return () => ask(undefined);
}

/** Each piece of work begins when the one before it has ended, however that was. */
function inTurn(): Shared['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** A loop that has nothing to do joins the others in their rest, so that all of them go on in the same turn. */
function restingTogether({ idle }: RunnerContext): Shared['rest'] {
  let resting: Promise<void> | undefined;
  return () => {
    resting ??= idle(POLL_MS).finally(() => {
      resting = undefined;
    });
    return resting;
  };
}

/** Logs when the clocks begin to differ, and when they agree again. */
function clockWatch(log: RunnerContext['log']): (time: PlatformTime) => void {
  let differed = false;
  return (time) => {
    const notice = clockNotice(time);
    if (notice !== undefined && !differed) log('warn', { clockAheadMs: time.clockAheadMs }, notice);
    if (notice === undefined && differed) log('info', {}, 'the clocks of this process and of the database agree again');
    differed = notice !== undefined;
  };
}

async function serveJob(context: RunnerContext, job: Job, shared: Shared): Promise<void> {
  const { signal, log, idle } = context;
  const failures = new FailureMemory();
  const tellBlocked = blockedTeller(context, job);
  while (!signal.aborted) {
    try {
      const { epoch, awaited } = await shared.survey();
      const asked = await shared.inTurn(async () => {
        const scheduled = epoch === undefined ? {} : await schedule(context, job, shared.owner, epoch);
        tellBlocked(scheduled.waitsFor);
        await job.runner.requireReady?.(context);
        return scheduled.asked;
      });
      const mayWork = asked !== undefined || awaited.has(job.name);
      const worked = mayWork && ((await workRequests(context, job)) || (await joinRuns(context, job, failures)));
      if (!worked) await shared.rest();
    } catch (error) {
      log('error', { job: job.name, error }, 'the runner could not work and tries again');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
}

/** Logs that the schedule waits for a person: when that begins, and every ten minutes while it lasts. */
function blockedTeller({ log }: RunnerContext, job: Job): (key: string | undefined) => void {
  let told: { readonly key: string; readonly at: number } | undefined;
  return (key) => {
    if (key === undefined) told = undefined;
    else if (told?.key !== key || performance.now() - told.at > BLOCKED_TOLD_MS) {
      told = { key, at: performance.now() };
      log('warn', { [job.keyName]: key }, job.runner.words.blocked);
    }
  };
}

/** Asks, as the leader, for what is due. */
async function schedule(
  { db, config, log }: RunnerContext,
  job: Job,
  owner: string,
  epoch: number,
): Promise<Scheduled> {
  const fence = (tx: Parameters<typeof fenceLeadership>[0]) => fenceLeadership(tx, LEADER, owner, epoch);
  const parameters = { ...parametersOf(config), requestedBy: 'schedule' };
  const scheduled = (await job.runner.schedule?.({ db, config }, fence, parameters)) ?? {};
  if (scheduled.asked !== undefined) log('info', { [job.keyName]: scheduled.asked }, job.runner.words.due);
  return scheduled;
}

/** With four partitions for each worker the threads end at about the same time. */
const parametersOf = (config: Config): Omit<ExecutionParameters, 'requestedBy'> => ({
  gridSize: Math.max(10, config.workers * 4),
  workers: config.workers,
  chunkRows: config.chunkRows,
});

/** Carries out the requests that nobody has taken. */
async function workRequests(context: RunnerContext, job: Job): Promise<boolean> {
  const { db, config, signal } = context;
  let worked = false;
  for (const request of await requestedExecutions(db, job.name)) {
    if (signal.aborted) break;
    const worker = thisWorker(config);
    const taken = await inTransaction(db, (tx) => takeRequest(tx, request.executionId, worker, job.keysInOrder));
    if (!taken) continue;
    await faultPoint('request.taken');
    await carryOut(context, job, request);
    worked = true;
  }
  return worked;
}

/** Helps with the runs that are under way, or finishes them for processes that died. */
async function joinRuns(context: RunnerContext, job: Job, failures: FailureMemory): Promise<boolean> {
  let worked = false;
  for (const key of await runningKeys(context.db, job.name)) {
    if (context.signal.aborted || failures.isRecent(key)) continue;
    const options = await lastOptions(context.db, job.name, key);
    const asked = { ...parametersOf(context.config), key, requestedBy: 'runner', options };
    const succeeded = await carryOut(context, job, asked);
    if (!succeeded) failures.remember(key);
    worked = true;
  }
  return worked;
}

async function carryOut(
  context: RunnerContext,
  job: Job,
  asked: Omit<JobRequest, 'wait' | 'onStop'>,
): Promise<boolean> {
  const { db, log } = context;
  const { words, report } = job.runner;
  const about = { [job.keyName]: asked.key };
  log('info', { ...about, requestedBy: asked.requestedBy }, words.started);
  try {
    const request: JobRequest = { ...asked, wait: true, onStop: 'leave-run' };
    const { run, status, seconds } = await runJob({ ...context, onProgress: () => undefined }, job, request);
    const level = status === 'COMPLETED_WITH_EXCEPTIONS' ? 'warn' : 'info';
    const told = run === undefined ? {} : await report(db, run);
    log(level, { ...about, runId: run?.runId ?? null, status, ...told, seconds }, words.ended);
    return true;
  } catch (error) {
    const known = asMagamError(error);
    const code = known instanceof MagamError ? known.code : 'INTERNAL';
    log('error', { ...about, code, error: errorText(known) }, words.failed);
    return false;
  }
}

/** Keys that could not be joined are skipped for a while, so that a broken one is not tried every second. */
class FailureMemory {
  private readonly failedAt = new Map<string, number>();

  remember(key: string): void {
    this.failedAt.set(key, performance.now());
  }

  isRecent(key: string): boolean {
    const at = this.failedAt.get(key);
    return at !== undefined && performance.now() - at < 30_000;
  }
}
