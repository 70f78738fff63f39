/** The progress of a run: what its partitions have committed, who works on it, and how long it has been worked on. */
import { type Db, select } from '../../../infra/database.js';
import { executionIsSilent } from './execution.js';
import { findPlan } from './plan.js';
import { findRunById, type RunStatus } from './run.js';

export interface RunState {
  readonly runId: number;
  readonly job: string;
  readonly key: string;
  readonly status: RunStatus;
  readonly generation: number;
  /** Entries of the generation's plan; null while there is no plan. */
  readonly planned: number | null;
  /** Entries that are committed, done or set aside. */
  readonly committed: number;
  /** Entries that are done, by pass. */
  readonly done: readonly number[];
  /** Entries that the generation set aside. */
  readonly exceptions: number;
  readonly partitions: {
    readonly total: number;
    readonly pending: number;
    readonly running: number;
    readonly done: number;
    readonly failed: number;
  };
  /** Requests that wait for a runner and executions that are under way, oldest first. */
  readonly executions: readonly ActiveExecution[];
  /** Seconds in which somebody worked on the generation since its plan was made, until now. */
  readonly workedSeconds: number;
}

export interface ActiveExecution {
  readonly executionId: number;
  readonly status: 'REQUESTED' | 'RUNNING';
  readonly stopRequested: boolean;
}

type Row = Readonly<Record<string, string | number | null>>;

/** The state of a run and of the generation it is in; undefined when there is no such run. */
export async function readRunState(db: Db, runId: number): Promise<RunState | undefined> {
  const run = await findRunById(db, runId);
  if (run === undefined) return undefined;
  const [sums] = await select<Row>(
    db,
    `SELECT COUNT(*) AS total, SUM(status = 'PENDING') AS pending, SUM(status = 'RUNNING') AS running, SUM(status = 'DONE') AS done,
       SUM(status = 'FAILED') AS failed, SUM(exceptions) AS exceptions
     FROM run_partition WHERE run_id = ? AND generation = ?`,
    [runId, run.generation],
  );
  const passes = await select<Row>(
    db,
    `SELECT SUM(q.entries) AS entries, SUM(q.done) AS done
     FROM run_partition p JOIN run_partition_pass q ON q.partition_id = p.partition_id
     WHERE p.run_id = ? AND p.generation = ? GROUP BY q.pass ORDER BY q.pass`,
    [runId, run.generation],
  );
  const number = (name: string): number => Number(sums?.[name] ?? 0);
  const total = (name: string): number => passes.reduce((sum, row) => sum + Number(row[name]), 0);
  const planned = (await findPlan(db, runId, run.generation)) === undefined ? null : total('entries');
  const committed = total('done') + number('exceptions');
  return {
    runId,
    job: run.job,
    key: run.key,
    status: run.status,
    generation: run.generation,
    planned,
    committed: planned === null ? committed : Math.min(planned, committed),
    done: passes.map((row) => Number(row.done)),
    exceptions: number('exceptions'),
    partitions: {
      total: number('total'),
      pending: number('pending'),
      running: number('running'),
      done: number('done'),
      failed: number('failed'),
    },
    executions: await activeExecutions(db, runId),
    workedSeconds: planned === null ? 0 : await workedSeconds(db, runId, run.generation),
  };
}

async function activeExecutions(db: Db, runId: number): Promise<ActiveExecution[]> {
  const rows = await select<Row>(
    db,
    `SELECT e.execution_id, e.status, e.stop_requested_by FROM job_execution e
     WHERE e.run_id = ? AND (e.status = 'REQUESTED' OR (e.status = 'RUNNING' AND NOT ${executionIsSilent('e')}))
     ORDER BY e.execution_id`,
    [runId],
  );
  return rows.map((row) => ({
    executionId: Number(row.execution_id),
    status: row.status as ActiveExecution['status'],
    stopRequested: row.stop_requested_by !== null,
  }));
}

/** The executions' times since the plan was made; overlapping times count once. A dead one ends with its last sign of life. */
async function workedSeconds(db: Db, runId: number, generation: number): Promise<number> {
  const rows = await select<{ began: string | number; ended: string | number }>(
    db,
    `SELECT TIMESTAMPDIFF(MICROSECOND, p.planned_at, GREATEST(e.started_at, p.planned_at)) / 1000000 AS began,
       TIMESTAMPDIFF(MICROSECOND, p.planned_at, COALESCE(IF(e.status = 'ABANDONED', e.heartbeat_at, e.ended_at),
         IF(${executionIsSilent('e')}, e.heartbeat_at, UTC_TIMESTAMP(3)))) / 1000000 AS ended
     FROM run_plan p JOIN job_execution e ON e.run_id = p.run_id AND e.started_at IS NOT NULL
     WHERE p.run_id = ? AND p.generation = ? AND COALESCE(e.generation, p.generation) = p.generation
     ORDER BY began`,
    [runId, generation],
  );
  let [worked, through] = [0, 0];
  for (const row of rows) {
    const [began, ended] = [Math.max(through, Number(row.began)), Number(row.ended)];
    if (ended > began) worked += ended - began;
    through = Math.max(through, ended);
  }
  return worked;
}
