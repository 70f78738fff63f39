/**
 * Background tasks: requested by a row, claimed by a conditional update, held by a lease in database time. Owner and epoch in every update
 * are the fence: an owner that was taken for dead can no longer change anything.
 */

import {
  change,
  type Db,
  fromJson,
  insertReturningId,
  isoTime,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type ErrorCode, type Refusal, refuse } from '../../../kernel/errors.js';
import type { TaskKind, TaskStatus } from '../rules/background-task.js';

export interface TaskRecord {
  readonly taskId: number;
  /** The name of its kind. */
  readonly kind: string;
  /** Its subject, which depends on the kind: a date, the id of a draft. */
  readonly subject: string | null;
  /** Read by `parametersOf` of the kind. */
  readonly parameters: unknown;
  readonly status: TaskStatus;
  readonly stage: string | null;
  readonly done: number;
  readonly total: number | null;
  readonly checkpoint: string | null;
  readonly result: unknown;
  readonly error: TaskError | null;
  readonly requestedBy: string;
  readonly cancelRequestedBy: string | null;
  readonly claims: number;
  readonly epoch: number;
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface TaskError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The holder of a task, and its claim. */
export interface TaskFence {
  readonly taskId: number;
  readonly owner: string;
  readonly epoch: number;
}

export interface NewTask<Parameters extends object> {
  readonly kind: TaskKind<Parameters>;
  readonly subject: string | null;
  readonly parameters: Parameters;
  readonly requestedBy: string;
}

export interface Progress {
  readonly stage: string | null;
  readonly done: number;
  readonly total: number | null;
}

type TaskRow = Omit<TaskRecord, 'error'> & {
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string;
  readonly errorDetails: TaskError['details'] | null;
};

const SELECT_TASK = `SELECT task_id AS taskId, kind, subject, parameters, status, stage, progress_done AS done, progress_total AS total,
  checkpoint, result, error_code AS errorCode, error_message AS errorMessage, error_details AS errorDetails, requested_by AS requestedBy,
  cancel_requested_by AS cancelRequestedBy, claims, epoch, requested_at AS requestedAt, started_at AS startedAt, ended_at AS endedAt
  FROM background_task`;

const reading: Reading<TaskRow> = {
  parameters: fromJson,
  result: fromJson,
  errorDetails: fromJson,
  requestedAt: isoTime,
  startedAt: isoTime,
  endedAt: isoTime,
};

async function selectTasks(db: Db, which: string, params: readonly unknown[]): Promise<TaskRecord[]> {
  const rows = await select(db, `${SELECT_TASK} ${which}`, params, reading);
  return rows.map(({ errorCode: code, errorMessage: message, errorDetails, ...task }) => ({
    ...task,
    error: code === null ? null : { code, message, details: errorDetails ?? {} },
  }));
}

const insert = <P extends object>(tx: Tx, task: NewTask<P>, activeKey: string | null): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO background_task (kind, subject, active_key, parameters, status, requested_by, requested_at)
     VALUES (?, ?, ?, ?, 'REQUESTED', ?, UTC_TIMESTAMP(3))`,
    [task.kind.name, task.subject, activeKey, JSON.stringify(task.parameters), task.requestedBy.slice(0, 64)],
  );

/** Requests a task with each call. Returns its id. */
export const insertTask = <P extends object>(tx: Tx, task: NewTask<P>): Promise<number> => insert(tx, task, null);

/** Requests a task that may exist only once at a time. Returns its id, or TASK_ACTIVE while an unfinished one has the same key. */
export const insertTaskOnce = <P extends object>(
  tx: Tx,
  task: NewTask<P>,
  activeKey: string,
): Promise<number | Refusal> => orRefusal(insert(tx, task, activeKey), refuse('TASK_ACTIVE'));

export async function findActiveTask(db: Db, activeKey: string): Promise<TaskRecord | undefined> {
  return (await selectTasks(db, 'WHERE active_key = ?', [activeKey]))[0];
}

export async function readTask(db: Db, kind: TaskKind, taskId: number): Promise<TaskRecord | undefined> {
  return (await selectTasks(db, 'WHERE task_id = ? AND kind = ?', [taskId, kind.name]))[0];
}

/** The task with its row locked to the commit. */
export async function lockTask(tx: Tx, kind: TaskKind, taskId: number): Promise<TaskRecord | undefined> {
  return (await selectTasks(tx, 'WHERE task_id = ? AND kind = ? FOR UPDATE', [taskId, kind.name]))[0];
}

/** The next tasks of a kind, newest first, below `beforeId`; of one subject where it is given. */
export async function listTasks(
  db: Db,
  kind: TaskKind,
  page: { readonly subject?: string | undefined; readonly beforeId?: number | undefined; readonly limit: number },
): Promise<TaskRecord[]> {
  const conditions = ['kind = ?'];
  const params: (string | number)[] = [kind.name];
  if (page.subject !== undefined) {
    conditions.push('subject = ?');
    params.push(page.subject);
  }
  if (page.beforeId !== undefined) {
    conditions.push('task_id < ?');
    params.push(page.beforeId);
  }
  return selectTasks(db, `WHERE ${conditions.join(' AND ')} ORDER BY task_id DESC LIMIT ?`, [...params, page.limit]);
}

export interface ClaimedTask {
  readonly task: TaskRecord;
  readonly fence: TaskFence;
}

/** Tasks read when one is claimed, because other claimers may be quicker with the first ones. */
const CANDIDATES = 8;

/**
 * Takes the oldest task of these kinds that waits, or whose owner's lease has ended. `claims` counts the claims that did not end regularly. Two
 * claimers of one task meet at its epoch, and one of them gets it. Tasks of other kinds are left to runners that know them.
 * @param held tasks that the caller already works on, so that its own late heartbeat does not make it claim them again
 */
export async function claimTask(
  db: Db,
  kinds: readonly TaskKind[],
  owner: string,
  leaseMs: number,
  held: ReadonlySet<number> = new Set(),
): Promise<ClaimedTask | undefined> {
  const free = `(status = 'REQUESTED' OR (status = 'RUNNING' AND lease_until < UTC_TIMESTAMP(3)))`;
  const candidates = await select<Pick<TaskRecord, 'taskId' | 'epoch'>>(
    db,
    `SELECT task_id AS taskId, epoch FROM background_task FORCE INDEX (background_task_status)
     WHERE status IN ('REQUESTED', 'RUNNING') AND ${free} AND kind IN (?) ORDER BY task_id LIMIT ?`,
    [kinds.map(({ name }) => name), CANDIDATES],
  );
  for (const { taskId, epoch } of candidates) {
    if (held.has(taskId)) continue;
    const claimed = await change(
      db,
      `UPDATE background_task SET status = 'RUNNING', owner = ?, epoch = epoch + 1, claims = claims + 1,
         lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, started_at = COALESCE(started_at, UTC_TIMESTAMP(3))
       WHERE task_id = ? AND epoch = ? AND ${free}`,
      [owner, leaseMs * 1000, taskId, epoch],
    );
    if (claimed !== 1) continue;
    const [task] = await selectTasks(db, 'WHERE task_id = ?', [taskId]);
    if (task !== undefined) return { task, fence: { taskId, owner, epoch: epoch + 1 } };
  }
  return undefined;
}

const FENCED = `task_id = ? AND owner = ? AND epoch = ? AND status = 'RUNNING'`;
const fenceParams = ({ taskId, owner, epoch }: TaskFence) => [taskId, owner, epoch];

/** Lets a runner undo a completed task: it is claimed again. Its result stays, so that the runner knows what to undo. */
export async function requestUndo(tx: Tx, taskId: number, by: string): Promise<void> {
  const sql = `UPDATE background_task SET cancel_requested_by = ?, claims = 0, ended_at = NULL, status = 'REQUESTED'
    WHERE task_id = ? AND status = 'COMPLETED'`;
  await change(tx, sql, [by.slice(0, 64), taskId]);
}

/** Renews the lease and records the progress. @returns 'lost' when the task is somebody else's now, 'cancel' when it was cancelled */
export async function heartbeatTask(
  db: Db,
  fence: TaskFence,
  leaseMs: number,
  progress: Progress,
): Promise<'held' | 'cancel' | 'lost'> {
  const sql = `UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, stage = ?, progress_done = ?,
      progress_total = ? WHERE ${FENCED}`;
  const { stage, done, total } = progress;
  if ((await change(db, sql, [leaseMs * 1000, stage, done, total, ...fenceParams(fence)])) !== 1) return 'lost';
  const cancelled = `SELECT 1 FROM background_task WHERE task_id = ? AND cancel_requested_by IS NOT NULL`;
  return (await select(db, cancelled, [fence.taskId])).length > 0 ? 'cancel' : 'held';
}

/** The first statement of a transaction of the task's owner: holds the row to the commit. False: it is somebody else's. */
export async function fenceTask(tx: Tx, fence: TaskFence): Promise<boolean> {
  return (await change(tx, `UPDATE background_task SET epoch = epoch WHERE ${FENCED}`, fenceParams(fence))) === 1;
}

/** Stores data for later attempts. False: the task is somebody else's. */
export async function noteCheckpoint(db: Db, fence: TaskFence, checkpoint: string): Promise<boolean> {
  const sql = `UPDATE background_task SET checkpoint = ? WHERE ${FENCED}`;
  return (await change(db, sql, [checkpoint, ...fenceParams(fence)])) === 1;
}

/** Gives a task back, so that somebody else may take it at once. A claim that was given back on purpose does not count. */
export async function releaseTask(db: Db, fence: TaskFence, counts: boolean): Promise<void> {
  await change(
    db,
    `UPDATE background_task SET status = 'REQUESTED', owner = NULL, lease_until = NULL, claims = claims - ? WHERE ${FENCED}`,
    [counts ? 0 : 1, ...fenceParams(fence)],
  );
}

export type TaskEnd =
  | { readonly status: 'COMPLETED'; readonly result: unknown }
  | { readonly status: 'CANCELLED' }
  | { readonly status: 'FAILED'; readonly error: TaskError; readonly result?: unknown };

/** Ends a task that the fence holds. False: it is somebody else's, and nothing was changed. */
export async function finishTask(db: Db, fence: TaskFence, end: TaskEnd, progress: Progress): Promise<boolean> {
  const error = end.status === 'FAILED' ? end.error : null;
  const result = 'result' in end && end.result !== undefined ? JSON.stringify(end.result) : null;
  const sql = `UPDATE background_task SET status = ?, result = ?, error_code = ?, error_message = ?, error_details = ?, stage = ?,
      progress_done = ?, progress_total = ?, active_key = NULL, owner = NULL, lease_until = NULL, ended_at = UTC_TIMESTAMP(3) WHERE ${FENCED}`;
  const finished = await change(db, sql, [
    end.status,
    result,
    error?.code ?? null,
    error?.message.slice(0, 1000) ?? null,
    error === null ? null : JSON.stringify(error.details),
    progress.stage,
    progress.done,
    progress.total,
    ...fenceParams(fence),
  ]);
  return finished === 1;
}

/** Cancels a task that the caller has locked and nobody has begun. */
export async function cancelWaitingTask(tx: Tx, taskId: number, by: string): Promise<void> {
  const sql = `UPDATE background_task SET status = 'CANCELLED', cancel_requested_by = ?, active_key = NULL, ended_at = UTC_TIMESTAMP(3)
    WHERE task_id = ? AND status = 'REQUESTED'`;
  await change(tx, sql, [by.slice(0, 64), taskId]);
}

/** Asks the runner that works on a task, or the next one that takes it, to give it up and undo its work; a failed task is taken again for that. */
export async function requestCancel(tx: Tx, taskId: number, by: string): Promise<void> {
  const sql = `UPDATE background_task SET cancel_requested_by = ?, active_key = NULL, claims = IF(status = 'FAILED', 0, claims), error_code = NULL,
      error_message = NULL, error_details = NULL, ended_at = NULL, status = IF(status = 'FAILED', 'REQUESTED', status)
    WHERE task_id = ? AND status IN ('REQUESTED', 'RUNNING', 'FAILED')`;
  await change(tx, sql, [by.slice(0, 64), taskId]);
}
