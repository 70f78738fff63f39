/** Executions: each start of a run, or request for one. Heartbeats show which executions are alive. */

import {
  change,
  type Db,
  fromJson,
  insertReturningId,
  inTransaction,
  select,
  type Tx,
} from '../../../infra/database.js';
import { moveRun, type Run, type RunStatus } from './run.js';
import { tellRun } from './run-event.js';

export type ExecutionStatus = RunStatus | 'ABANDONED';

export interface ExecutionParameters {
  /** Partitions of a new plan. */
  readonly gridSize: number;
  readonly workers: number;
  /** Entries of one transaction. */
  readonly chunkRows: number;
  readonly requestedBy: string;
  /** The job's own further parameters: plain data that survives JSON. */
  readonly options?: object;
}

/** Who works, and with which lease. */
export interface Worker {
  readonly host: string;
  readonly pid: number;
  readonly leaseMs: number;
}

/**
 * A condition on a running execution: it has been silent for three of its own leases, so it counts as dead. A mistake does no harm:
 * the fences of its partitions decide who may write.
 */
export const executionIsSilent = (table: string): string =>
  `(COALESCE(${table}.heartbeat_at, ${table}.started_at) < UTC_TIMESTAMP(3) - INTERVAL 3000 * ${table}.lease_ms MICROSECOND)`;

/** Records a start of the run by this process. */
export async function startExecution(
  db: Db,
  run: Run,
  parameters: ExecutionParameters,
  { host, pid, leaseMs }: Worker,
): Promise<number> {
  const { requestedBy, gridSize, workers, chunkRows } = parameters;
  return insertReturningId(
    db,
    `INSERT INTO job_execution (run_id, generation, status, requested_by, requested_at, grid_size, workers, chunk_rows, lease_ms, host, pid,
       started_at, heartbeat_at)
     VALUES (?, ?, 'RUNNING', ?, UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [run.runId, run.generation, requestedBy, gridSize, workers, chunkRows, leaseMs, host, pid],
  );
}

/** Records a request for the run, to be taken by a runner. */
export async function requestExecution(db: Db, runId: number, parameters: ExecutionParameters): Promise<number> {
  const { requestedBy, gridSize, workers, chunkRows, options } = parameters;
  return insertReturningId(
    db,
    `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows, job_options)
     VALUES (?, 'REQUESTED', ?, UTC_TIMESTAMP(3), ?, ?, ?, ?)`,
    [runId, requestedBy, gridSize, workers, chunkRows, options === undefined ? null : JSON.stringify(options)],
  );
}

/** The oldest request for the run that no runner has taken. */
export async function findWaitingRequest(db: Db, runId: number): Promise<number | undefined> {
  const [row] = await select<{ executionId: number }>(
    db,
    `SELECT execution_id AS executionId FROM job_execution WHERE run_id = ? AND status = 'REQUESTED' ORDER BY execution_id LIMIT 1`,
    [runId],
  );
  return row?.executionId;
}

export interface RequestedExecution extends ExecutionParameters {
  readonly executionId: number;
  readonly key: string;
}

/** Requests for runs of the job that no runner has taken: by key, with the oldest first for each key. */
export async function requestedExecutions(db: Db, job: string): Promise<RequestedExecution[]> {
  return select<RequestedExecution>(
    db,
    `SELECT e.execution_id AS executionId, i.job_key AS \`key\`, e.grid_size AS gridSize, e.workers, e.chunk_rows AS chunkRows,
       e.requested_by AS requestedBy, COALESCE(e.job_options, '{}') AS options
     FROM job_execution e JOIN job_instance i ON i.run_id = e.run_id
     WHERE e.status = 'REQUESTED' AND i.job = ? ORDER BY i.job_key, e.execution_id LIMIT 100`,
    [job],
    { options: fromJson },
  );
}

/** The parameters of the latest request or start: a process that continues for a dead one uses these. */
export async function lastOptions(db: Db, job: string, key: string): Promise<object> {
  const [row] = await select<{ options: object }>(
    db,
    `SELECT COALESCE(e.job_options, '{}') AS options FROM job_execution e JOIN job_instance i ON i.run_id = e.run_id
     WHERE i.job = ? AND i.job_key = ? ORDER BY e.execution_id DESC LIMIT 1`,
    [job, key],
    { options: fromJson },
  );
  return row?.options ?? {};
}

/** Milliseconds since the run was last requested or started, apart from executions that failed with the code `passed`; undefined when it never was. */
export async function lastRequestAgeMs(db: Db, runId: number, passed: string): Promise<number | undefined> {
  const [row] = await select<{ age: number | string | null }>(
    db,
    `SELECT TIMESTAMPDIFF(MICROSECOND, MAX(requested_at), UTC_TIMESTAMP(3)) DIV 1000 AS age FROM job_execution
     WHERE run_id = ? AND NOT error_code <=> ?`,
    [runId, passed],
  );
  return row === undefined || row.age === null ? undefined : Number(row.age);
}

/**
 * Takes a request: true for exactly one of those that try. With `keysInOrder` it is false for all while a run of the job with an earlier key is
 * under way or waits. From here on the run is under way, so that others continue it when the taker dies before it has done anything.
 */
export async function takeRequest(
  tx: Tx,
  executionId: number,
  { host, pid, leaseMs }: Worker,
  keysInOrder: boolean,
): Promise<boolean> {
  const earlier = `SELECT 1 FROM job_instance b WHERE b.status IN ('RUNNING', 'REQUESTED') AND b.job = i.job AND b.job_key < i.job_key`;
  const taken = await change(
    tx,
    `UPDATE job_execution e JOIN job_instance i ON i.run_id = e.run_id
     SET e.status = 'RUNNING', e.host = ?, e.pid = ?, e.lease_ms = ?, e.started_at = UTC_TIMESTAMP(3), e.heartbeat_at = UTC_TIMESTAMP(3)
     WHERE e.execution_id = ? AND e.status = 'REQUESTED' ${keysInOrder ? `AND NOT EXISTS (${earlier})` : ''}`,
    [host, pid, leaseMs, executionId],
  );
  if (taken !== 1) return false;
  const sql = 'SELECT run_id AS runId FROM job_execution WHERE execution_id = ?';
  for (const { runId } of await select<{ runId: number }>(tx, sql, [executionId]))
    await moveRun(tx, runId, ['REQUESTED', 'STOPPED', 'FAILED'], 'RUNNING');
  return true;
}

/** Records a heartbeat of the execution; returns whether it was asked to stop, and whether it is still recorded as running. */
export async function beat(db: Db, executionId: number): Promise<{ stopRequested: boolean; counted: boolean }> {
  const counted = await change(
    db,
    `UPDATE job_execution SET heartbeat_at = UTC_TIMESTAMP(3) WHERE execution_id = ? AND status = 'RUNNING'`,
    [executionId],
  );
  return { stopRequested: await isStopRequested(db, executionId), counted: counted === 1 };
}

/** Whether somebody asked the execution to stop, or has removed it. */
export async function isStopRequested(db: Db, executionId: number): Promise<boolean> {
  const sql = 'SELECT stop_requested_by AS asked FROM job_execution WHERE execution_id = ?';
  const [row] = await select<{ asked: string | null }>(db, sql, [executionId]);
  return row === undefined || row.asked !== null;
}

/**
 * Asks the executions of a run to stop: running ones see the flag between chunks, a request that nobody has taken ends at once.
 * Returns how many there were of each.
 */
export async function requestStop(tx: Tx, runId: number, by: string): Promise<{ running: number; requested: number }> {
  const requested = await change(
    tx,
    `UPDATE job_execution SET status = 'STOPPED', stop_requested_by = ?, ended_at = UTC_TIMESTAMP(3), exit_code = 130
     WHERE run_id = ? AND status = 'REQUESTED'`,
    [by.slice(0, 64), runId],
  );
  const running = await change(
    tx,
    `UPDATE job_execution SET stop_requested_by = COALESCE(stop_requested_by, ?) WHERE run_id = ? AND status = 'RUNNING'`,
    [by.slice(0, 64), runId],
  );
  if (requested > 0 && running === 0) await moveRun(tx, runId, ['REQUESTED'], 'STOPPED');
  return { running, requested };
}

export interface ExecutionEnd {
  readonly status: ExecutionStatus;
  readonly generation: number | null;
  readonly entries: number;
  readonly done: number;
  readonly exceptions: number;
  readonly exitCode: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** Records how the worker's execution ended. False: it was marked as dead before, or the id is another worker's. */
export async function endExecution(
  db: Db,
  executionId: number,
  { host, pid }: Pick<Worker, 'host' | 'pid'>,
  end: ExecutionEnd,
): Promise<boolean> {
  const { status, generation, entries, done, exceptions, exitCode, errorCode, errorMessage } = end;
  const ended = await change(
    db,
    `UPDATE job_execution SET status = ?, generation = ?, entries = ?, done = ?, exceptions = ?, exit_code = ?, error_code = ?,
       error_message = ?, ended_at = UTC_TIMESTAMP(3), heartbeat_at = UTC_TIMESTAMP(3)
     WHERE execution_id = ? AND host = ? AND pid = ? AND status = 'RUNNING'`,
    [status, generation, entries, done, exceptions, exitCode, errorCode, errorMessage, executionId, host, pid],
  );
  return ended === 1;
}

/** Whether an execution of the run has shown a sign of life within its lease. */
export async function hasLiveExecution(db: Db, runId: number): Promise<boolean> {
  const [row] = await select<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM job_execution
     WHERE run_id = ? AND status = 'RUNNING' AND heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL 1000 * lease_ms MICROSECOND`,
    [runId],
  );
  return Number(row?.n ?? 0) > 0;
}

/**
 * Stops the runs whose remaining executions are all dead, where one of them was asked to stop: the request to stop outlives the process
 * that was asked. Call it before these are marked as abandoned.
 */
export async function stopForsakenRuns(db: Db): Promise<void> {
  const running = `SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'RUNNING'`;
  const forsaken = `i.status = 'RUNNING' AND EXISTS (${running} AND e.stop_requested_by IS NOT NULL)
       AND NOT EXISTS (${running} AND NOT ${executionIsSilent('e')})`;
  const rows = await select<{ runId: number }>(
    db,
    `SELECT i.run_id AS runId FROM job_instance i WHERE ${forsaken} ORDER BY i.run_id`,
  );
  for (const { runId } of rows) {
    const sql = `UPDATE job_instance i SET i.status = 'STOPPED', i.updated_at = UTC_TIMESTAMP(3) WHERE i.run_id = ? AND ${forsaken}`;
    await inTransaction(db, async (tx) => {
      if ((await change(tx, sql, [runId])) === 1) await tellRun(tx, runId, 'STOPPED');
    });
  }
}

/**
 * Ends the executions of a run whose plan is removed. They count as dead; one that was frozen and wakes finds that it was
 * told to stop before it works on anything, so it does not carry out the new plan with the parameters of the old one. Requests that nobody has taken
 * are withdrawn.
 */
export async function abandonExecutions(tx: Tx, runId: number, by: string): Promise<void> {
  await change(
    tx,
    `UPDATE job_execution SET status = 'ABANDONED', stop_requested_by = COALESCE(stop_requested_by, ?), ended_at = UTC_TIMESTAMP(3)
     WHERE run_id = ? AND status = 'RUNNING'`,
    [by.slice(0, 64), runId],
  );
  await change(
    tx,
    `UPDATE job_execution SET status = 'STOPPED', stop_requested_by = ?, ended_at = UTC_TIMESTAMP(3), exit_code = 130
     WHERE run_id = ? AND status = 'REQUESTED'`,
    [by.slice(0, 64), runId],
  );
}

/** Marks dead executions, of one run or of all runs, as abandoned. */
export async function abandonDeadExecutions(db: Db, runId?: number): Promise<void> {
  await change(
    db,
    `UPDATE job_execution e SET e.status = 'ABANDONED', e.ended_at = UTC_TIMESTAMP(3), e.error_message = 'no sign of life'
     WHERE e.status = 'RUNNING' AND ${executionIsSilent('e')}${runId === undefined ? '' : ' AND e.run_id = ?'}`,
    runId === undefined ? [] : [runId],
  );
}

/** Rows of one deletion: few, so that it does not hold its locks for long. */
const PURGE_ROWS = 2_000;
const completedRuns = `SELECT run_id FROM job_instance WHERE status IN ('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS')`;

/** Deletes some executions of completed runs that ended more than this many days ago. Returns how many. */
export const deleteOldExecutions = (db: Db, days: number): Promise<number> =>
  change(
    db,
    `DELETE FROM job_execution WHERE ended_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY AND run_id IN (${completedRuns}) LIMIT ${PURGE_ROWS}`,
    [days],
  );

/** The same for the claims of partitions. */
export const deleteOldPartitionExecutions = (db: Db, days: number): Promise<number> =>
  change(
    db,
    `DELETE FROM partition_execution WHERE COALESCE(ended_at, started_at) < UTC_TIMESTAMP(3) - INTERVAL ? DAY
       AND partition_id IN (SELECT partition_id FROM run_partition WHERE run_id IN (${completedRuns})) LIMIT ${PURGE_ROWS}`,
    [days],
  );
