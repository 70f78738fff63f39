/** Runs (job instances): one row per job and key, whatever happens to it. Each start of it, or request for it, is an execution. */

import { change, type Db, insertReturningId, select, type Tx } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';
import { type RunFailure, tellRun } from './run-event.js';

export type RunStatus = 'REQUESTED' | 'RUNNING' | 'STOPPED' | 'FAILED' | 'COMPLETED' | 'COMPLETED_WITH_EXCEPTIONS';

export interface Run {
  readonly runId: number;
  readonly job: string;
  /** ASCII, at most 64 characters. The job gives it its meaning; for the settlement it is the date. */
  readonly key: string;
  /** The job's further parameters, as JSON, from when the run was created; null where it has none. */
  readonly parameters: string | null;
  readonly status: RunStatus;
  readonly generation: number;
}

export const isCompleted = (status: RunStatus): boolean =>
  status === 'COMPLETED' || status === 'COMPLETED_WITH_EXCEPTIONS';

const COLUMNS = 'run_id AS runId, job, job_key AS `key`, parameters, status, generation';

/** The run of the job for the key. `lock` holds its row to the commit. */
export const findRun = (db: Db, job: string, key: string, lock = false): Promise<Run | undefined> =>
  findOne(db, `job = ? AND job_key = ?${lock ? ' FOR UPDATE' : ''}`, [job, key]);

/** The run with this id. `lock` holds its row to the commit. */
export const findRunById = (db: Db, runId: number, lock = false): Promise<Run | undefined> =>
  findOne(db, `run_id = ?${lock ? ' FOR UPDATE' : ''}`, [runId]);

async function findOne(db: Db, where: string, params: readonly unknown[]): Promise<Run | undefined> {
  return (await select<Run>(db, `SELECT ${COLUMNS} FROM job_instance WHERE ${where}`, params))[0];
}

/** The parameters of the run. They are read only where they are used: a damaged text must not keep a verification from reporting other faults. */
export const parametersOf = <T>({ parameters }: Run): T => JSON.parse(parameters ?? 'null') as T;

/**
 * The run, locked; created, with these parameters, unless there is one. Two creators meet at the unique key, and the second finds the
 * first's.
 */
export async function ensureRun(
  tx: Tx,
  job: string,
  key: string,
  status: 'REQUESTED' | 'RUNNING',
  parameters: object | null = null,
): Promise<Run> {
  const found = await findRun(tx, job, key, true);
  if (found !== undefined) return found;
  try {
    const runId = await insertReturningId(
      tx,
      `INSERT INTO job_instance (job, job_key, parameters, status, created_at, updated_at)
       VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [job, key, parameters === null ? null : JSON.stringify(parameters), status],
    );
    await tellRun(tx, runId, status);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return (await findRun(tx, job, key, true)) as Run;
}

/**
 * Moves a run from the expected status to another one, and records the event.
 * @param failure why the run failed, where it did
 */
export async function moveRun(
  tx: Tx,
  runId: number,
  from: readonly RunStatus[],
  to: RunStatus,
  failure?: RunFailure,
): Promise<boolean> {
  const completed = isCompleted(to) ? ', completed_at = UTC_TIMESTAMP(3)' : '';
  const moved = await change(
    tx,
    `UPDATE job_instance SET status = ?, updated_at = UTC_TIMESTAMP(3)${completed} WHERE run_id = ? AND status IN (?)`,
    [to, runId, from],
  );
  if (moved !== 1) return false;
  await tellRun(tx, runId, to, failure);
  return true;
}

/** Opens the next generation of a completed run. */
export async function openNextGeneration(tx: Tx, run: Run): Promise<boolean> {
  const moved = await change(
    tx,
    `UPDATE job_instance SET status = 'RUNNING', generation = generation + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE run_id = ? AND generation = ? AND status IN ('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS')`,
    [run.runId, run.generation],
  );
  if (moved !== 1) return false;
  await tellRun(tx, run.runId, 'RUNNING');
  return true;
}

/** Gives up an unfinished generation: the run is as before the generation was opened. The caller has locked the run's row. */
export async function returnToGeneration(tx: Tx, runId: number, generation: number, status: RunStatus): Promise<void> {
  await change(
    tx,
    'UPDATE job_instance SET status = ?, generation = ?, updated_at = UTC_TIMESTAMP(3) WHERE run_id = ?',
    [status, generation, runId],
  );
}

/** The keys whose run is under way or waits for a runner, among these. */
export async function keysUnderWay(db: Db, job: string, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await select<{ key: string }>(
    db,
    `SELECT job_key AS \`key\` FROM job_instance i WHERE job = ? AND job_key IN (?) AND (status = 'RUNNING'
       OR EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'REQUESTED'))`,
    [job, keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/**
 * A condition on a run `i`: it is under way and may be joined. One that was asked to stop may not, because a process that joined it now would continue
 * it. When the process that was asked is dead, the run is stopped (`stopForsakenRuns`), or others that work on it continue.
 */
const JOINABLE = `i.status = 'RUNNING' AND NOT EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = i.run_id AND e.status = 'RUNNING'
  AND e.stop_requested_by IS NOT NULL)`;

/** The jobs that have work for a runner: a request that nobody has taken, or a run that is under way and may be joined. */
export async function jobsWithWork(db: Db): Promise<Set<string>> {
  const rows = await select<{ job: string }>(
    db,
    `SELECT i.job FROM job_execution r JOIN job_instance i ON i.run_id = r.run_id WHERE r.status = 'REQUESTED'
     UNION SELECT i.job FROM job_instance i WHERE ${JOINABLE}`,
  );
  return new Set(rows.map(({ job }) => job));
}

/** Keys of the job's runs that are under way and may be joined, in order. */
export async function runningKeys(db: Db, job: string): Promise<string[]> {
  const rows = await select<{ key: string }>(
    db,
    `SELECT i.job_key AS \`key\` FROM job_instance i WHERE i.job = ? AND ${JOINABLE} ORDER BY i.job_key LIMIT 20`,
    [job],
  );
  return rows.map(({ key }) => key);
}

/** Keys of a range of which the job's run is not completed, in order. */
export async function unfinishedKeys(db: Db, job: string, from: string, to: string): Promise<string[]> {
  const rows = await select<{ key: string }>(
    db,
    `SELECT job_key AS \`key\` FROM job_instance
     WHERE job = ? AND job_key BETWEEN ? AND ? AND status NOT IN ('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS') ORDER BY job_key`,
    [job, from, to],
  );
  return rows.map(({ key }) => key);
}

/** Runs of the job that were last moved more than this many days ago, by id. */
export async function findOldRuns(db: Db, job: string, days: number): Promise<number[]> {
  const rows = await select<{ runId: number }>(
    db,
    `SELECT run_id AS runId FROM job_instance WHERE job = ? AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY run_id LIMIT 100`,
    [job, days],
  );
  return rows.map(({ runId }) => runId);
}

/** The run, locked, if it is still one of those. */
export const lockOldRun = (tx: Tx, runId: number, days: number): Promise<Run | undefined> =>
  findOne(tx, 'run_id = ? AND updated_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY FOR UPDATE', [runId, days]);

/** Records that the run was moved, although its status stays. */
export async function touchRun(tx: Tx, runId: number): Promise<void> {
  await change(tx, 'UPDATE job_instance SET updated_at = UTC_TIMESTAMP(3) WHERE run_id = ?', [runId]);
}

/** Deletes a run: its plan, partitions, executions, and its row, which the caller has locked. The job deletes what it has written itself. */
export async function deleteRun(tx: Tx, runId: number): Promise<void> {
  const ofPartitions = 'partition_id IN (SELECT partition_id FROM run_partition WHERE run_id = ?)';
  await change(tx, `DELETE FROM run_partition_pass WHERE ${ofPartitions}`, [runId]);
  await change(tx, `DELETE FROM partition_execution WHERE ${ofPartitions}`, [runId]);
  for (const table of ['run_partition', 'run_plan', 'job_execution', 'job_instance'])
    await change(tx, `DELETE FROM ${table} WHERE run_id = ?`, [runId]);
}

/**
 * A text that changes with every commit of the run's work: with each chunk, because that moves its partition's `seq`, and with whatever opens,
 * plans, stops or completes a generation. Empty where there is no run.
 */
export async function readRunState(db: Db, job: string, key: string): Promise<string> {
  const [row] = await select<{ state: string }>(
    db,
    `SELECT CONCAT_WS(' ', j.run_id, j.generation, j.status, j.updated_at, COUNT(p.partition_id), SUM(p.seq)) AS state
     FROM job_instance j LEFT JOIN run_partition p ON p.run_id = j.run_id
     WHERE j.job = ? AND j.job_key = ? GROUP BY j.run_id, j.generation, j.status, j.updated_at`,
    [job, key],
  );
  return row?.state ?? '';
}
