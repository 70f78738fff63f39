/**
 * The batch runner: a daemon, any number of them. One leads and schedules; all take requests and join runs that are under
 * way, so a run whose process died is finished by whoever lives.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  abandonDeadExecutions,
  requestedExecutions,
  runningRuns,
  stopForsakenRuns,
  takeRequest,
} from '../../core/jobs/stores/run.js';
import type { Config } from '../../infra/config.js';
import { asMagamError, type Db, errorText, inTransaction } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { holdLeadership, resignLeadership } from '../../infra/stores/leader-lease.js';
import { nowIn } from '../../infra/time-zone.js';
import { MagamError } from '../../kernel/errors.js';
import type { WorkerPools } from '../engine/worker-pool.js';
import { type SettleRequest, settleDate } from '../jobs/settle/settle-date.js';
import { dueThrough, requestDueRun, SCHEDULE } from './schedule.js';

export interface RunnerContext {
  readonly db: Db;
  readonly config: Config;
  readonly pools: WorkerPools;
  /** Aborted: finish the chunk in hand, leave the run to others, end. */
  readonly signal: AbortSignal;
  /** Resolves at the next knock or after `ms`. */
  readonly idle: (ms: number) => Promise<void>;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
}

const POLL_MS = 1_000;
const OUTAGE_PAUSE_MS = 3_000;

/** Runs until the signal. A database that is away is waited for. */
export async function runRunner(context: RunnerContext): Promise<void> {
  const { db, config, signal, log, idle } = context;
  const owner = randomUUID();
  const failures = new FailureMemory();
  log('info', { settleAt: config.settleAt, timeZone: config.timeZone, pid: process.pid }, 'runner started');
  while (!signal.aborted) {
    try {
      await lead(context, owner);
      const worked = (await workRequests(context)) || (await joinRuns(context, failures));
      if (!worked) await idle(POLL_MS);
    } catch (error) {
      log('error', { error: errorText(error) }, 'the runner could not work and tries again');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
  await resignLeadership(db, SCHEDULE, owner).catch(() => undefined);
  log('info', {}, 'runner stopped');
}

async function lead({ db, config, log }: RunnerContext, owner: string): Promise<void> {
  if (!(await holdLeadership(db, SCHEDULE, owner, config.leaseMs))) return;
  await stopForsakenRuns(db, config.leaseMs);
  await abandonDeadExecutions(db, config.leaseMs);
  const through = dueThrough(nowIn(config.timeZone), config.settleAt);
  const asked = await requestDueRun(db, owner, through, { ...parametersOf(config), requestedBy: 'schedule' });
  if (asked !== undefined) log('info', { date: asked }, 'settlement is due');
}

const parametersOf = (config: Config): Omit<SettleRequest, 'date' | 'requestedBy'> => ({
  gridSize: Math.max(10, config.workers * 4),
  workers: config.workers,
  chunkRows: config.chunkRows,
  dryRun: false,
  wait: true,
  onStop: 'leave-run',
});

/** Carries out the requests that nobody has taken. */
async function workRequests(context: RunnerContext): Promise<boolean> {
  let worked = false;
  for (const { executionId, ...parameters } of await requestedExecutions(context.db)) {
    if (context.signal.aborted) break;
    const taken = await inTransaction(context.db, (tx) => takeRequest(tx, executionId, hostname(), process.pid));
    if (!taken) continue;
    await faultPoint('request.taken');
    await settle(context, { ...parametersOf(context.config), ...parameters, executionId });
    worked = true;
  }
  return worked;
}

/** Helps with the runs that are under way, or finishes them for those who died. */
async function joinRuns(context: RunnerContext, failures: FailureMemory): Promise<boolean> {
  let worked = false;
  for (const { date } of await runningRuns(context.db)) {
    if (context.signal.aborted || failures.isRecent(date)) continue;
    const succeeded = await settle(context, { ...parametersOf(context.config), date, requestedBy: 'runner' });
    if (!succeeded) failures.remember(date);
    worked = true;
  }
  return worked;
}

async function settle(context: RunnerContext, request: SettleRequest): Promise<boolean> {
  const { log } = context;
  log('info', { date: request.date, requestedBy: request.requestedBy }, 'settling');
  try {
    const report = await settleDate({ ...context, onProgress: () => undefined }, request);
    const { runId, status, lines, refunds, exceptions, seconds, certificate } = report;
    log(
      exceptions > 0 ? 'warn' : 'info',
      { date: request.date, runId, status, lines, refunds, exceptions, seconds, certificate: certificate?.hash },
      'settled',
    );
    return true;
  } catch (error) {
    const known = asMagamError(error);
    log(
      'error',
      { date: request.date, code: known instanceof MagamError ? known.code : 'INTERNAL', error: errorText(known) },
      'settlement failed',
    );
    return false;
  }
}

/** Dates that could not be joined are left alone for a while, so that a broken one is not tried every second. */
class FailureMemory {
  private readonly failedAt = new Map<string, number>();

  remember(date: string): void {
    this.failedAt.set(date, performance.now());
  }

  isRecent(date: string): boolean {
    const at = this.failedAt.get(date);
    return at !== undefined && performance.now() - at < 30_000;
  }
}
