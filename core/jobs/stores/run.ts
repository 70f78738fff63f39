/**
 * Runs (job instances), their executions and their plans. A run is one row per job and date; each start of it, or request
 * for it, is an execution.
 */

import { change, type Db, insertReturningId, isDuplicateKey, select, type Tx } from '../../../infra/database.js';
import type { Leg } from '../../feed/rules/leg.js';

export type RunStatus = 'REQUESTED' | 'RUNNING' | 'STOPPED' | 'FAILED' | 'COMPLETED' | 'COMPLETED_WITH_EXCEPTIONS';
export type ExecutionStatus = RunStatus | 'ABANDONED';

export interface Run {
  readonly runId: number;
  readonly date: string;
  readonly status: RunStatus;
  readonly generation: number;
}

export const isCompleted = (status: RunStatus): boolean =>
  status === 'COMPLETED' || status === 'COMPLETED_WITH_EXCEPTIONS';

/** The run of the settle job for the date. `lock` holds its row to the commit. */
export async function findRun(db: Db, date: string, lock = false): Promise<Run | undefined> {
  const sql = `SELECT run_id, settled_on, status, generation FROM job_instance WHERE job = 'settle' AND settled_on = ?${lock ? ' FOR UPDATE' : ''}`;
  const [row] = await select<{ run_id: number; settled_on: string; status: RunStatus; generation: number }>(db, sql, [
    date,
  ]);
  return row && { runId: Number(row.run_id), date: row.settled_on, status: row.status, generation: row.generation };
}

/** The run with this id. `lock` holds its row to the commit. */
export async function findRunById(db: Db, runId: number, lock = false): Promise<Run | undefined> {
  const [row] = await select<{ settled_on: string; status: RunStatus; generation: number }>(
    db,
    `SELECT settled_on, status, generation FROM job_instance WHERE run_id = ?${lock ? ' FOR UPDATE' : ''}`,
    [runId],
  );
  return row && { runId, date: row.settled_on, status: row.status, generation: row.generation };
}

/** The run of the date, locked; created unless there is one. Two creators meet at the unique key, and the second finds the first's. */
export async function ensureRun(tx: Tx, date: string, status: 'REQUESTED' | 'RUNNING'): Promise<Run> {
  const found = await findRun(tx, date, true);
  if (found !== undefined) return found;
  try {
    await change(
      tx,
      `INSERT INTO job_instance (job, settled_on, status, created_at, updated_at)
       VALUES ('settle', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [date, status],
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return (await findRun(tx, date, true)) as Run;
}

/** Moves a run to another status, restating the one it is expected to have. */
export async function moveRun(tx: Tx, runId: number, from: readonly RunStatus[], to: RunStatus): Promise<boolean> {
  const completed = isCompleted(to) ? ', completed_at = UTC_TIMESTAMP(3)' : '';
  const moved = await change(
    tx,
    `UPDATE job_instance SET status = ?, updated_at = UTC_TIMESTAMP(3)${completed} WHERE run_id = ? AND status IN (?)`,
    [to, runId, from],
  );
  return moved === 1;
}

/** Opens the next generation of a completed run. */
export async function openSupplement(tx: Tx, run: Run): Promise<boolean> {
  const moved = await change(
    tx,
    `UPDATE job_instance SET status = 'RUNNING', generation = generation + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE run_id = ? AND generation = ? AND status IN ('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS')`,
    [run.runId, run.generation],
  );
  return moved === 1;
}

export interface ExecutionParameters {
  readonly gridSize: number;
  readonly workers: number;
  readonly chunkRows: number;
  readonly requestedBy: string;
}

/** Records a start of the run by this process. */
export async function startExecution(
  db: Db,
  run: Run,
  parameters: ExecutionParameters,
  host: string,
  pid: number,
): Promise<number> {
  return insertReturningId(
    db,
    `INSERT INTO job_execution (run_id, generation, status, requested_by, requested_at, grid_size, workers, chunk_rows, host, pid, started_at, heartbeat_at)
     VALUES (?, ?, 'RUNNING', ?, UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      run.runId,
      run.generation,
      parameters.requestedBy,
      parameters.gridSize,
      parameters.workers,
      parameters.chunkRows,
      host,
      pid,
    ],
  );
}

/** Records a request for the run, to be taken by a runner. */
export async function requestExecution(db: Db, runId: number, parameters: ExecutionParameters): Promise<number> {
  return insertReturningId(
    db,
    `INSERT INTO job_execution (run_id, status, requested_by, requested_at, grid_size, workers, chunk_rows)
     VALUES (?, 'REQUESTED', ?, UTC_TIMESTAMP(3), ?, ?, ?)`,
    [runId, parameters.requestedBy, parameters.gridSize, parameters.workers, parameters.chunkRows],
  );
}

/** Those of the dates whose run is being worked on or waits for a runner. */
export async function datesUnderWay(db: Db, dates: readonly string[]): Promise<Set<string>> {
  if (dates.length === 0) return new Set();
  const rows = await select<{ settled_on: string }>(
    db,
    `SELECT settled_on FROM job_instance i WHERE job = 'settle' AND settled_on IN (?) AND (status = 'RUNNING'
       OR EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'REQUESTED'))`,
    [dates],
  );
  return new Set(rows.map((row) => row.settled_on));
}

/** The oldest request for the run that no runner has taken. */
export async function findWaitingRequest(db: Db, runId: number): Promise<number | undefined> {
  const [row] = await select<{ execution_id: number | string }>(
    db,
    `SELECT execution_id FROM job_execution WHERE run_id = ? AND status = 'REQUESTED' ORDER BY execution_id LIMIT 1`,
    [runId],
  );
  return row === undefined ? undefined : Number(row.execution_id);
}

export interface RequestedExecution extends ExecutionParameters {
  readonly executionId: number;
  readonly date: string;
}

/** Requests that no runner has taken, oldest first. */
export async function requestedExecutions(db: Db): Promise<RequestedExecution[]> {
  const rows = await select<{
    execution_id: number;
    settled_on: string;
    grid_size: number;
    workers: number;
    chunk_rows: number;
    requested_by: string;
  }>(
    db,
    `SELECT e.execution_id, i.settled_on, e.grid_size, e.workers, e.chunk_rows, e.requested_by
     FROM job_execution e JOIN job_instance i ON i.run_id = e.run_id WHERE e.status = 'REQUESTED' ORDER BY i.settled_on, e.execution_id LIMIT 100`,
  );
  return rows.map((row) => ({
    executionId: Number(row.execution_id),
    date: row.settled_on,
    gridSize: row.grid_size,
    workers: row.workers,
    chunkRows: row.chunk_rows,
    requestedBy: row.requested_by,
  }));
}

/** Milliseconds since the run was last asked for or started; undefined when it never was. */
export async function lastRequestAgeMs(db: Db, runId: number): Promise<number | undefined> {
  const [row] = await select<{ age: number | string | null }>(
    db,
    'SELECT TIMESTAMPDIFF(MICROSECOND, MAX(requested_at), UTC_TIMESTAMP(3)) DIV 1000 AS age FROM job_execution WHERE run_id = ?',
    [runId],
  );
  return row === undefined || row.age === null ? undefined : Number(row.age);
}

/**
 * Runs that are under way and may be joined, by date. One that somebody is being asked to stop is not: who joined it now would go on
 * with it. When that somebody is dead, the run is stopped for it (`stopForsakenRuns`), or others who work on it go on.
 */
export async function runningRuns(db: Db): Promise<{ date: string }[]> {
  const rows = await select<{ settled_on: string }>(
    db,
    `SELECT settled_on FROM job_instance i WHERE job = 'settle' AND status = 'RUNNING'
       AND NOT EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'RUNNING'
         AND e.stop_requested_by IS NOT NULL)
     ORDER BY settled_on LIMIT 20`,
  );
  return rows.map((row) => ({ date: row.settled_on }));
}

/**
 * Takes a request: true for exactly one of those who try, false for all while an earlier date is under way, which would only be
 * refused. From here on the run is under way, so that others go on with it when the taker dies before it has done anything.
 */
export async function takeRequest(tx: Tx, executionId: number, host: string, pid: number): Promise<boolean> {
  const taken = await change(
    tx,
    `UPDATE job_execution e JOIN job_instance i ON i.run_id = e.run_id
     SET e.status = 'RUNNING', e.host = ?, e.pid = ?, e.started_at = UTC_TIMESTAMP(3), e.heartbeat_at = UTC_TIMESTAMP(3)
     WHERE e.execution_id = ? AND e.status = 'REQUESTED'
       AND NOT EXISTS (SELECT 1 FROM job_instance b WHERE b.status = 'RUNNING' AND b.settled_on < i.settled_on)`,
    [host, pid, executionId],
  );
  if (taken !== 1) return false;
  await change(
    tx,
    `UPDATE job_instance SET status = 'RUNNING', updated_at = UTC_TIMESTAMP(3)
     WHERE run_id = (SELECT run_id FROM job_execution WHERE execution_id = ?) AND status IN ('REQUESTED', 'STOPPED', 'FAILED')`,
    [executionId],
  );
  return true;
}

/** Says that the execution lives; returns whether somebody asked it to stop, and whether it was not given up for dead meanwhile. */
export async function beat(db: Db, executionId: number): Promise<{ stopRequested: boolean; counted: boolean }> {
  const counted = await change(
    db,
    `UPDATE job_execution SET heartbeat_at = UTC_TIMESTAMP(3) WHERE execution_id = ? AND status = 'RUNNING'`,
    [executionId],
  );
  return { stopRequested: await isStopRequested(db, executionId), counted: counted === 1 };
}

/** Whether somebody asked the execution to stop. */
export async function isStopRequested(db: Db, executionId: number): Promise<boolean> {
  const sql = 'SELECT stop_requested_by AS asked FROM job_execution WHERE execution_id = ?';
  const [row] = await select<{ asked: string | null }>(db, sql, [executionId]);
  return row !== undefined && row.asked !== null;
}

export interface ExecutionEnd {
  readonly status: ExecutionStatus;
  readonly generation: number | null;
  readonly entries: number;
  readonly linesWritten: number;
  readonly exceptions: number;
  readonly exitCode: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** Records how an execution ended. */
export async function endExecution(db: Db, executionId: number, end: ExecutionEnd): Promise<void> {
  await change(
    db,
    `UPDATE job_execution SET status = ?, generation = ?, entries = ?, lines_written = ?, exceptions = ?, exit_code = ?, error_code = ?,
       error_message = ?, ended_at = UTC_TIMESTAMP(3), heartbeat_at = UTC_TIMESTAMP(3)
     WHERE execution_id = ? AND status = 'RUNNING'`,
    [
      end.status,
      end.generation,
      end.entries,
      end.linesWritten,
      end.exceptions,
      end.exitCode,
      end.errorCode,
      end.errorMessage,
      executionId,
    ],
  );
}

/** Whether an execution of the run by somebody else shows signs of life. */
export async function hasLiveExecution(db: Db, runId: number, leaseMs: number): Promise<boolean> {
  const [row] = await select<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM job_execution
     WHERE run_id = ? AND status = 'RUNNING' AND heartbeat_at > UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND`,
    [runId, leaseMs * 1000],
  );
  return Number(row?.n ?? 0) > 0;
}

/**
 * Stops the runs on which only executions were left that have been silent for three leases, where one of them was asked to stop: the
 * wish outlives the process that it was told to. To be called before these are marked as abandoned.
 */
export async function stopForsakenRuns(db: Db, leaseMs: number): Promise<void> {
  const running = `SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'RUNNING'`;
  await change(
    db,
    `UPDATE job_instance i SET i.status = 'STOPPED', i.updated_at = UTC_TIMESTAMP(3) WHERE i.status = 'RUNNING'
       AND EXISTS (${running} AND e.stop_requested_by IS NOT NULL)
       AND NOT EXISTS (${running} AND e.heartbeat_at >= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND)`,
    [leaseMs * 3000],
  );
}

/** Marks the executions, of one run or of all, whose process has been silent for three leases. */
export async function abandonDeadExecutions(db: Db, leaseMs: number, runId?: number): Promise<void> {
  await change(
    db,
    `UPDATE job_execution SET status = 'ABANDONED', ended_at = UTC_TIMESTAMP(3), error_message = 'no sign of life'
     WHERE status = 'RUNNING' AND heartbeat_at < UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND${runId === undefined ? '' : ' AND run_id = ?'}`,
    [leaseMs * 3000, ...(runId === undefined ? [] : [runId])],
  );
}

export interface Plan {
  readonly generation: number;
  readonly gridSize: number;
  readonly policyRevision: number;
  readonly sales: number;
  readonly refunds: number;
}

/** The frozen plan of a generation. */
export async function findPlan(db: Db, runId: number, generation: number): Promise<Plan | undefined> {
  const [row] = await select<{ grid_size: number; policy_revision: number; sales: number; refunds: number }>(
    db,
    'SELECT grid_size, policy_revision, sales, refunds FROM run_plan WHERE run_id = ? AND generation = ?',
    [runId, generation],
  );
  return (
    row && {
      generation,
      gridSize: row.grid_size,
      policyRevision: row.policy_revision,
      sales: Number(row.sales),
      refunds: Number(row.refunds),
    }
  );
}

/** A range of ids (lo, hi] and how many entries it holds. */
export interface IdRange {
  readonly lo: number;
  readonly hi: number;
  readonly entries: number;
}

/** Freezes a plan with its partitions: number i has the i-th sale range and the i-th refund range. */
export async function insertPlan(
  tx: Tx,
  runId: number,
  plan: Plan,
  executionId: number,
  ranges: readonly Record<Leg, IdRange>[],
): Promise<void> {
  await change(
    tx,
    `INSERT INTO run_plan (run_id, generation, grid_size, policy_revision, sales, refunds, planned_by, planned_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [runId, plan.generation, plan.gridSize, plan.policyRevision, plan.sales, plan.refunds, executionId],
  );
  if (ranges.length === 0) return;
  const rows = ranges.map(({ 0: sale, 1: refund }, i) => [
    runId,
    plan.generation,
    i + 1,
    sale.lo,
    sale.hi,
    sale.entries,
    refund.lo,
    refund.hi,
    refund.entries,
    'PENDING',
    0,
    sale.lo,
  ]);
  await change(
    tx,
    `INSERT INTO run_partition (run_id, generation, number, sale_lo, sale_hi, sales, refund_lo, refund_hi, refunds, status, leg, cursor_id, updated_at)
     VALUES ${rows.map(() => '(?, UTC_TIMESTAMP(3))').join(', ')}`,
    rows as unknown[],
  );
}

/** What a run has settled over all its generations. */
export interface RunCounts {
  readonly sales: number;
  readonly refunds: number;
  /** Partitions of the first generation's plan. */
  readonly partitions: number;
}

export async function readRunCounts(db: Db, runId: number): Promise<RunCounts> {
  const [row] = await select<Record<keyof RunCounts, string | number | null>>(
    db,
    `SELECT SUM(sale_lines) AS sales, SUM(refund_lines) AS refunds, SUM(generation = 1) AS partitions FROM run_partition WHERE run_id = ?`,
    [runId],
  );
  return {
    sales: Number(row?.sales ?? 0),
    refunds: Number(row?.refunds ?? 0),
    partitions: Number(row?.partitions ?? 0),
  };
}
