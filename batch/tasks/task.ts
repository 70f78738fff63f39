/** The interface between the task loop and the kinds of tasks. */
import type { TaskKind } from '../../core/tasks/rules/background-task.js';

import type { Progress, TaskEnd, TaskFence, TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Config } from '../../infra/config.js';
import type { Db, Tx } from '../../infra/database.js';
import type { WorkerPools } from '../engine/worker-pool.js';

/** Why a task's work is interrupted. */
export type Interruption = 'stop' | 'cancel' | 'lost';

/** Thrown by a kind that was interrupted; the loop decides about the task. */
export class TaskInterrupted extends Error {}

/** Thrown by a kind that cannot continue yet for a reason outside the task: the task is given back and taken again a little later. */
export class TaskPostponed extends Error {}

export interface TaskCall {
  readonly db: Db;
  readonly config: Config;
  /** Threads for a task that is a job. */
  readonly pools: WorkerPools;
  readonly task: TaskRecord;
  readonly fence: TaskFence;
  /** Aborted with an Interruption as its reason. */
  readonly signal: AbortSignal;
  /** Kept for the next heartbeat. */
  readonly progress: (progress: Progress) => void;
}

export interface TaskRunner {
  readonly kind: TaskKind;
  /**
   * Whether the task is given back at once when the process has to stop, while the statement in hand still runs, because its writes are fenced.
   * An import is given back when its batch is committed, because its own record would look alive to the next runner until then.
   */
  readonly releasedAtOnce: boolean;
  /** Carries out a task. Throws its error: a MagamError has a code, TaskInterrupted means that `signal` was obeyed. */
  readonly run: (call: TaskCall) => Promise<TaskEnd>;
  /** Called in the transaction in which a task ends. */
  readonly ended?: (tx: Tx, task: TaskRecord, end: TaskEnd) => Promise<void>;
  /** Undoes the work of an earlier attempt of a cancelled task. */
  readonly undo?: (call: TaskCall) => Promise<void>;
  /** Removes files that dead runners have left on this machine. Every runner calls it from time to time; duties remove rows in the database. */
  readonly tidy?: () => Promise<void>;
}

export const interruptionOf = (signal: AbortSignal): Interruption | undefined =>
  signal.aborted ? (signal.reason as Interruption) : undefined;

/** Call it between two pieces of work. */
export function orInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new TaskInterrupted(String(signal.reason));
}
