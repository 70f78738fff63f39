/**
 * The runner's other loop: takes background tasks and carries out a few at a time, beside the runs. A task is held by a lease that
 * heartbeats renew. The lease of a runner that dies ends, and another takes the task.
 *
 * An import runs on the main thread: it works page by page and waits for the database in between. On two cores that others kept busy too,
 * importing 100,000 rows held the event loop for at most 0.24 s at a time; renewals of leases come every fifth of a lease, by default every 2 s. Verifications and
 * policy checks have their work done by threads.
 */
import { randomUUID } from 'node:crypto';
import { dropFiles } from '../../core/tasks/purge-files.js';
import {
  type ClaimedTask,
  claimTask,
  finishTask,
  heartbeatTask,
  type Progress,
  releaseTask,
  type TaskEnd,
} from '../../core/tasks/stores/background-task.js';
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { asMagamError, errorText, isOutage } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import type { WorkerPools } from '../engine/worker-pool.js';
import { taskKinds, taskRunners } from './registry.js';
import {
  type Interruption,
  interruptionOf,
  type TaskCall,
  TaskInterrupted,
  TaskPostponed,
  type TaskRunner,
} from './task.js';

export interface TaskLoopContext {
  /** A pool of its own: a task's connections are not those that the runs' leases need. */
  readonly db: Db;
  readonly config: Config;
  readonly pools: WorkerPools;
  /** When aborted, the loop gives the tasks back and ends. */
  readonly signal: AbortSignal;
  /** Resolves at the next knock or after `ms`. */
  readonly idle: (ms: number) => Promise<void>;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
}

const POLL_MS = 1_000;
const OUTAGE_PAUSE_MS = 3_000;
const TIDY_MS = 10 * 60_000;
/** Tasks of one runner at a time. */
const TASKS_MAX = 2;
/** A task whose attempt failed because of the database is not taken again at once. */
const RETRY_PAUSE_MS = 2_000;

/** Runs until the signal, and then gives the tasks in hand back. It waits for a database that is away. */
export async function runTasks(context: TaskLoopContext): Promise<void> {
  const { db, config, signal, log, idle } = context;
  const owner = randomUUID();
  const running = new Set<Promise<void>>();
  const held = new Set<number>();
  let tidiedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      if (performance.now() - tidiedAt > TIDY_MS) {
        tidiedAt = performance.now();
        for (const { tidy } of taskRunners) await tidy?.();
      }
      const claimed =
        running.size < TASKS_MAX ? await claimTask(db, taskKinds, owner, config.leaseMs, held) : undefined;
      if (claimed === undefined) {
        await Promise.race([idle(POLL_MS), ...running]);
        continue;
      }
      const work = workTask(context, claimed).catch((error: unknown) => {
        log('error', { taskId: claimed.task.taskId, error }, 'a task could not be ended');
      });
      running.add(work);
      held.add(claimed.task.taskId);
      void work.finally(() => {
        running.delete(work);
        held.delete(claimed.task.taskId);
      });
    } catch (error) {
      log('error', { error }, 'tasks could not be looked for');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
  await Promise.all(running);
}

/** One claim of a task, from its beginning until the task ends or is given back. */
async function workTask(
  { db, config, pools, signal, log }: TaskLoopContext,
  { task, fence }: ClaimedTask,
): Promise<void> {
  const about = { taskId: fence.taskId, kind: task.kind, subject: task.subject };
  const runner = taskRunners.find(({ kind }) => kind.name === task.kind);
  if (runner === undefined) throw new Error(`a task of an unknown kind was claimed: ${task.kind}`);
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort('stop' satisfies Interruption);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  let progress: Progress = { stage: null, done: 0, total: null };
  const remember = (next: Progress): void => {
    progress = next;
  };
  const call: TaskCall = { db, config, pools, task, fence, signal: interrupt.signal, progress: remember };
  const endHeartbeat = beat(call, interrupt, () => progress);
  log('info', { ...about, claim: task.claims }, 'task taken');
  try {
    await faultPoint('task.claimed');
    const end = await outcomeOf(call, runner);
    endHeartbeat();
    if (end === 'give-back' || end === 'retry' || end === 'postpone') {
      if (end !== 'give-back') await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      await releaseTask(db, fence, end === 'retry');
      log(end === 'retry' ? 'warn' : 'info', about, 'task given back');
    } else if (end !== 'lost' && (await endTask(call, runner, end, progress))) {
      const error = end.status === 'FAILED' ? { code: end.error.code, error: end.error.message } : {};
      log(end.status === 'FAILED' ? 'warn' : 'info', { ...about, status: end.status, ...error }, 'task ended');
      await faultPoint('task.finished');
      await dropFiles(db, runner.kind, task.taskId);
    } else log('warn', about, 'task lost to another runner');
  } finally {
    endHeartbeat();
    signal.removeEventListener('abort', stop);
  }
}

/** False: it is somebody else's. */
const endTask = (
  { db, fence, task }: TaskCall,
  runner: TaskRunner,
  end: TaskEnd,
  progress: Progress,
): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    if (!(await finishTask(tx, fence, end, progress))) return false;
    await runner.ended?.(tx, task, end);
    return true;
  });

/** Renews the lease several times in its length; the next renewal replaces a failed one. Returns a function that ends the renewals. */
function beat({ db, config, fence }: TaskCall, interrupt: AbortController, progress: () => Progress): () => void {
  let beating = false;
  const timer = setInterval(() => {
    if (beating) return;
    beating = true;
    heartbeatTask(db, fence, config.leaseMs, progress())
      .then((state) => state !== 'held' && interrupt.abort(state satisfies Interruption))
      .catch(() => undefined)
      .finally(() => {
        beating = false;
      });
  }, config.leaseMs / 5);
  return () => clearInterval(timer);
}

/** `retry`: this attempt failed for a reason that passes. `postpone`: the same, but the attempt does not count. */
type Outcome = TaskEnd | 'give-back' | 'retry' | 'postpone' | 'lost';

async function outcomeOf(call: TaskCall, runner: TaskRunner): Promise<Outcome> {
  const { task, config, signal } = call;
  try {
    if (task.cancelRequestedBy !== null) return await undone(call, runner);
    if (task.claims > config.claimsMax)
      return failed(new MagamError('TASK_GIVEN_UP', undefined, { claims: config.claimsMax }));
    const work = runner.run(call);
    if (!runner.releasedAtOnce) return await work;
    work.catch(() => undefined); // it may end after the task was given back
    return await Promise.race([work, interruption(signal)]);
  } catch (error) {
    if (error instanceof TaskPostponed && !signal.aborted) return 'postpone';
    const reason = interruptionOf(signal) ?? (error instanceof TaskInterrupted ? 'lost' : undefined);
    if (reason === 'stop') return 'give-back';
    if (reason === 'lost') return 'lost';
    if (reason === 'cancel') return undone(call, runner).catch((failure: unknown) => outcomeOfFailure(failure));
    return outcomeOfFailure(error);
  }
}

const interruption = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const throwIt = (): void => reject(new TaskInterrupted(String(signal.reason)));
    if (signal.aborted) throwIt();
    signal.addEventListener('abort', throwIt);
  });

async function undone(call: TaskCall, runner: TaskRunner): Promise<TaskEnd> {
  await runner.undo?.(call);
  return { status: 'CANCELLED' };
}

function outcomeOfFailure(error: unknown): Outcome {
  const known = asMagamError(error);
  if (isOutage(known)) return 'retry';
  return failed(known instanceof MagamError ? known : new MagamError('INTERNAL', errorText(error)));
}

const failed = ({ code, message, details }: MagamError): TaskEnd => ({
  status: 'FAILED',
  error: { code, message, details },
});
