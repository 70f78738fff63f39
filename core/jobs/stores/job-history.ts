/** The job history as operators read it, for runs of any job: plans, executions, partitions, claims. */
import { type Db, isoTime, select } from '../../../infra/database.js';
import { type ExecutionStatus, executionIsSilent } from './execution.js';
import { type PartitionPass, type PartitionStatus, readPasses } from './partition.js';

export interface PlanRecord {
  readonly generation: number;
  readonly gridSize: number;
  /** What the job froze with it. */
  readonly parameters: unknown;
  /** By pass. */
  readonly entries: readonly number[];
  readonly plannedBy: number;
  readonly plannedAt: string;
}

export interface ExecutionRecord {
  readonly executionId: number;
  readonly generation: number | null;
  readonly status: ExecutionStatus;
  /** RUNNING, but not heard of for three of its leases. */
  readonly dead: boolean;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly host: string | null;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly heartbeatAt: string | null;
  readonly endedAt: string | null;
  readonly seconds: number | null;
  readonly parameters: { readonly gridSize: number; readonly workers: number; readonly chunkRows: number };
  readonly entries: number;
  readonly done: number;
  readonly exceptions: number;
  /** Entries per second; null while it cannot be told. */
  readonly entriesPerSecond: number | null;
  readonly stopRequestedBy: string | null;
  readonly exitCode: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

export interface PartitionRecord {
  readonly partitionId: number;
  readonly generation: number;
  readonly number: number;
  readonly status: PartitionStatus;
  readonly passes: readonly PartitionPass[];
  readonly exceptions: number;
  readonly chunks: number;
  readonly claims: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly updatedAt: string;
  readonly executions: ClaimRecord[];
}

/** One claim of a partition by an execution. */
export interface ClaimRecord {
  readonly epoch: number;
  readonly executionId: number;
  readonly status: string;
  readonly fromCursorId: number;
  readonly entries: number;
  readonly chunks: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** A row as the driver gives it; BIGINTs and sums are text. */
type Row = Readonly<Record<string, string | number | null>>;

const timeOf = (stamp: Row[string] | undefined): string | null =>
  stamp === null || stamp === undefined ? null : isoTime(String(stamp));
const textOf = (value: Row[string] | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
const numberOf = (value: Row[string] | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** The plans of a run by generation. */
export async function readPlans(db: Db, runId: number): Promise<PlanRecord[]> {
  const rows = await select<Row>(db, 'SELECT * FROM run_plan WHERE run_id = ? ORDER BY generation', [runId]);
  const sums = await select<{ generation: number; entries: string }>(
    db,
    `SELECT p.generation, SUM(q.entries) AS entries FROM run_partition p JOIN run_partition_pass q ON q.partition_id = p.partition_id
     WHERE p.run_id = ? GROUP BY p.generation, q.pass ORDER BY p.generation, q.pass`,
    [runId],
  );
  return rows.map((row) => ({
    generation: Number(row.generation),
    gridSize: Number(row.grid_size),
    parameters: JSON.parse(String(row.parameters)),
    entries: sums.flatMap(({ generation, entries }) => (generation === row.generation ? [Number(entries)] : [])),
    plannedBy: Number(row.planned_by),
    plannedAt: isoTime(String(row.planned_at)),
  }));
}

/** Executions in the order of their requests. What a running one did so far is what its claims have recorded. */
export async function readExecutions(db: Db, runId: number): Promise<ExecutionRecord[]> {
  const rows = await select<Row>(
    db,
    `SELECT e.*, (e.status = 'RUNNING' AND ${executionIsSilent('e')}) AS dead,
       TIMESTAMPDIFF(MICROSECOND, e.started_at, COALESCE(e.ended_at, e.heartbeat_at)) / 1000000 AS seconds
     FROM job_execution e WHERE e.run_id = ? ORDER BY e.execution_id`,
    [runId],
  );
  return rows.map(toExecution);
}

function toExecution(row: Row): ExecutionRecord {
  const seconds = numberOf(row.seconds);
  const entries = Number(row.entries);
  return {
    executionId: Number(row.execution_id),
    generation: numberOf(row.generation),
    status: row.status as ExecutionStatus,
    dead: Number(row.dead ?? 0) === 1,
    requestedBy: String(row.requested_by),
    requestedAt: isoTime(String(row.requested_at)),
    host: textOf(row.host),
    pid: numberOf(row.pid),
    startedAt: timeOf(row.started_at),
    heartbeatAt: timeOf(row.heartbeat_at),
    endedAt: timeOf(row.ended_at),
    seconds,
    parameters: { gridSize: Number(row.grid_size), workers: Number(row.workers), chunkRows: Number(row.chunk_rows) },
    entries,
    done: Number(row.done),
    exceptions: Number(row.exceptions),
    entriesPerSecond: seconds === null || seconds <= 0 || entries === 0 ? null : Math.round(entries / seconds),
    stopRequestedBy: textOf(row.stop_requested_by),
    exitCode: numberOf(row.exit_code),
    errorCode: textOf(row.error_code),
    errorMessage: textOf(row.error_message),
  };
}

/** Partitions by generation and number, each with its claims. */
export async function readPartitionRecords(db: Db, runId: number): Promise<PartitionRecord[]> {
  const rows = await select<Row>(db, 'SELECT * FROM run_partition WHERE run_id = ? ORDER BY generation, number', [
    runId,
  ]);
  const claims = await select<Row>(
    db,
    `SELECT c.* FROM partition_execution c JOIN run_partition p ON p.partition_id = c.partition_id
     WHERE p.run_id = ? ORDER BY c.partition_id, c.epoch`,
    [runId],
  );
  const byPartition = new Map<string, ClaimRecord[]>();
  for (const row of claims) {
    const key = String(row.partition_id);
    byPartition.set(key, [...(byPartition.get(key) ?? []), toClaim(row)]);
  }
  const passes = await readPasses(db, runId);
  return rows.map((row) =>
    toPartition(row, passes.get(Number(row.partition_id)) ?? [], byPartition.get(String(row.partition_id)) ?? []),
  );
}

function toPartition(row: Row, passes: PartitionPass[], executions: ClaimRecord[]): PartitionRecord {
  return {
    partitionId: Number(row.partition_id),
    generation: Number(row.generation),
    number: Number(row.number),
    status: row.status as PartitionStatus,
    passes,
    exceptions: Number(row.exceptions),
    chunks: Number(row.seq),
    claims: Number(row.epoch),
    errorCode: textOf(row.error_code),
    errorMessage: textOf(row.error_message),
    updatedAt: isoTime(String(row.updated_at)),
    executions,
  };
}

const toClaim = (row: Row): ClaimRecord => ({
  epoch: Number(row.epoch),
  executionId: Number(row.execution_id),
  status: String(row.status),
  fromCursorId: Number(row.from_cursor_id),
  entries: Number(row.entries),
  chunks: Number(row.chunks),
  startedAt: isoTime(String(row.started_at)),
  endedAt: timeOf(row.ended_at),
  errorCode: textOf(row.error_code),
  errorMessage: textOf(row.error_message),
});
