/**
 * The plan of a generation: frozen with its partitions in one transaction. A restart never plans again,
 * but a plan that was made before its turn is made again where its input has changed since.
 */

import { change, type Db, fromJson, isTrue, select, type Tx } from '../../../infra/database.js';
import type { Run } from './run.js';

export interface Plan {
  readonly generation: number;
  readonly gridSize: number;
  /** What the job froze with it. */
  readonly parameters: unknown;
  /** The execution that made it, which tells a plan from its replacement. */
  readonly plannedBy: number;
}

/** The frozen plan of a generation. */
export async function findPlan(db: Db, runId: number, generation: number): Promise<Plan | undefined> {
  const [row] = await select<Plan>(
    db,
    `SELECT generation, grid_size AS gridSize, parameters, planned_by AS plannedBy FROM run_plan WHERE run_id = ? AND generation = ?`,
    [runId, generation],
    { parameters: fromJson },
  );
  return row;
}

/** The same, if the run with the id is the one of that job and key. */
export async function findPlanOfRun(
  db: Db,
  { runId, job, key }: Pick<Run, 'runId' | 'job' | 'key'>,
  generation: number,
): Promise<Plan | undefined> {
  const [row] = await select<Plan>(
    db,
    `SELECT p.generation, p.grid_size AS gridSize, p.parameters, p.planned_by AS plannedBy
     FROM run_plan p JOIN job_instance i ON i.run_id = p.run_id
     WHERE p.run_id = ? AND p.generation = ? AND i.job = ? AND i.job_key = ?`,
    [runId, generation, job, key],
    { parameters: fromJson },
  );
  return row;
}

/** A range of ids (lo, hi] and how many entries it holds. */
export interface IdRange {
  readonly lo: number;
  readonly hi: number;
  readonly entries: number;
}

/** Freezes a plan with its partitions: number i has the i-th list of ranges, one for each pass. `ahead`: before its turn. */
export async function insertPlan(
  tx: Tx,
  runId: number,
  { generation, gridSize, parameters, plannedBy, ahead = false }: Plan & { readonly ahead?: boolean },
  partitions: readonly (readonly IdRange[])[],
): Promise<void> {
  await change(
    tx,
    `INSERT INTO run_plan (run_id, generation, grid_size, parameters, planned_by, ahead, planned_at) VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [runId, generation, gridSize, JSON.stringify(parameters), plannedBy, ahead],
  );
  if (partitions.length === 0) return;
  await change(
    tx,
    `INSERT INTO run_partition (run_id, generation, number, status, pass, cursor_id, updated_at)
     VALUES ${partitions.map(() => `(?, 'PENDING', 0, ?, UTC_TIMESTAMP(3))`).join(', ')}`,
    partitions.flatMap((ranges, i) => [[runId, generation, i + 1], ranges[0]?.lo ?? 0]),
  );
  const passes = await partitionIds(tx, runId, generation).then((ids) =>
    partitions.flatMap((ranges, i) => ranges.map(({ lo, hi, entries }, pass) => [ids[i], pass, lo, hi, entries])),
  );
  await change(tx, 'INSERT INTO run_partition_pass (partition_id, pass, lo, hi, entries) VALUES ?', [passes]);
}

/** Whether the plan was made before its turn and has not been confirmed since. */
export async function isPlannedAhead(db: Db, runId: number, generation: number): Promise<boolean> {
  const sql = 'SELECT ahead FROM run_plan WHERE run_id = ? AND generation = ?';
  const [row] = await select<{ ahead: boolean }>(db, sql, [runId, generation], { ahead: isTrue });
  return row?.ahead === true;
}

/** The turn of a plan has come, and it stands. */
export async function confirmPlan(tx: Tx, runId: number, generation: number): Promise<void> {
  await change(tx, 'UPDATE run_plan SET ahead = 0 WHERE run_id = ? AND generation = ?', [runId, generation]);
}

/** Matched by number, because the server promises no order of the ids that it gives the rows of one INSERT. */
async function partitionIds(tx: Tx, runId: number, generation: number): Promise<number[]> {
  const sql = 'SELECT partition_id AS id FROM run_partition WHERE run_id = ? AND generation = ? ORDER BY number';
  return (await select<{ id: number }>(tx, sql, [runId, generation])).map(({ id }) => id);
}

/** Removes a generation's plan with its partitions and their claims. A process that works on one of them finds that it is lost. */
export async function deletePlan(tx: Tx, runId: number, generation: number): Promise<void> {
  const ofGeneration = [runId, generation];
  const partitions = 'partition_id IN (SELECT partition_id FROM run_partition WHERE run_id = ? AND generation = ?)';
  await change(tx, `DELETE FROM run_partition_pass WHERE ${partitions}`, ofGeneration);
  await change(tx, `DELETE FROM partition_execution WHERE ${partitions}`, ofGeneration);
  for (const table of ['run_partition', 'run_plan'])
    await change(tx, `DELETE FROM ${table} WHERE run_id = ? AND generation = ?`, ofGeneration);
}
