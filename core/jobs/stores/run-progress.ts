/** How far a run is: what its partitions have committed, who works on it, and for how long it has been worked on. */
import { type Db, select } from '../../../infra/database.js';
import type { RunStatus } from './run.js';

/** An execution that says it runs but was silent this long is taken for dead. */
const SILENT_SECONDS = 30;

export interface RunState {
  readonly runId: number;
  readonly date: string;
  readonly status: RunStatus;
  readonly generation: number;
  /** Entries of the generation's plan; null while there is no plan. */
  readonly planned: number | null;
  /** Entries that are committed, settled or parked. */
  readonly done: number;
  readonly sales: number;
  readonly refunds: number;
  /** Entries that the generation parked. */
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
  const [run] = await select<Row>(
    db,
    `SELECT i.settled_on, i.status, i.generation, p.sales, p.refunds, p.planned_by
     FROM job_instance i LEFT JOIN run_plan p ON p.run_id = i.run_id AND p.generation = i.generation WHERE i.run_id = ?`,
    [runId],
  );
  if (run === undefined) return undefined;
  const [sums] = await select<Row>(
    db,
    `SELECT COUNT(*) AS total, SUM(status = 'PENDING') AS pending, SUM(status = 'RUNNING') AS running, SUM(status = 'DONE') AS done,
       SUM(status = 'FAILED') AS failed, SUM(sale_lines) AS sales, SUM(refund_lines) AS refunds, SUM(exceptions) AS exceptions
     FROM run_partition WHERE run_id = ? AND generation = ?`,
    [runId, run.generation],
  );
  const number = (name: string): number => Number(sums?.[name] ?? 0);
  const planned = run.planned_by === null ? null : Number(run.sales) + Number(run.refunds);
  const done = number('sales') + number('refunds') + number('exceptions');
  return {
    runId,
    date: String(run.settled_on),
    status: run.status as RunStatus,
    generation: Number(run.generation),
    planned,
    done: planned === null ? done : Math.min(planned, done),
    sales: number('sales'),
    refunds: number('refunds'),
    exceptions: number('exceptions'),
    partitions: {
      total: number('total'),
      pending: number('pending'),
      running: number('running'),
      done: number('done'),
      failed: number('failed'),
    },
    executions: await activeExecutions(db, runId),
    workedSeconds: run.planned_by === null ? 0 : await workedSeconds(db, runId, Number(run.generation)),
  };
}

async function activeExecutions(db: Db, runId: number): Promise<ActiveExecution[]> {
  const rows = await select<Row>(
    db,
    `SELECT execution_id, status, stop_requested_by FROM job_execution
     WHERE run_id = ? AND (status = 'REQUESTED'
       OR (status = 'RUNNING' AND COALESCE(heartbeat_at, started_at) >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND))
     ORDER BY execution_id`,
    [runId, SILENT_SECONDS],
  );
  return rows.map((row) => ({
    executionId: Number(row.execution_id),
    status: row.status as ActiveExecution['status'],
    stopRequested: row.stop_requested_by !== null,
  }));
}

/** The executions' times since the plan was made, those at the same time counted once. A dead one ends with its last sign of life. */
async function workedSeconds(db: Db, runId: number, generation: number): Promise<number> {
  const rows = await select<{ began: string | number; ended: string | number }>(
    db,
    `SELECT TIMESTAMPDIFF(MICROSECOND, p.planned_at, GREATEST(e.started_at, p.planned_at)) / 1000000 AS began,
       TIMESTAMPDIFF(MICROSECOND, p.planned_at, COALESCE(IF(e.status = 'ABANDONED', e.heartbeat_at, e.ended_at),
         IF(e.heartbeat_at >= UTC_TIMESTAMP(3) - INTERVAL ? SECOND, UTC_TIMESTAMP(3), e.heartbeat_at))) / 1000000 AS ended
     FROM run_plan p JOIN job_execution e ON e.run_id = p.run_id AND e.started_at IS NOT NULL
     WHERE p.run_id = ? AND p.generation = ? AND COALESCE(e.generation, p.generation) = p.generation
     ORDER BY began`,
    [SILENT_SECONDS, runId, generation],
  );
  let [worked, through] = [0, 0];
  for (const row of rows) {
    const [began, ended] = [Math.max(through, Number(row.began)), Number(row.ended)];
    if (ended > began) worked += ended - began;
    through = Math.max(through, ended);
  }
  return worked;
}
