/** The job history as operators read it, for runs of any job: plans, executions, partitions, claims. */
import { type Db, fromJson, isoTime, isTrue, select } from '../../../infra/database.js';
import { type ExecutionStatus, executionIsSilent } from './execution.js';
import { committedByOpenClaim, type PartitionPass, type PartitionStatus, readPasses } from './partition.js';

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
  /** RUNNING, but without a heartbeat for three of its leases. */
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
  /** Entries that are committed, settled or parked. */
  readonly entries: number;
  /** Known only after the end. */
  readonly done: number;
  readonly exceptions: number;
  /** Entries per second; null while it is unknown. */
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

/** The plans of a run by generation. */
export async function readPlans(db: Db, runId: number): Promise<PlanRecord[]> {
  const plans = await select<Omit<PlanRecord, 'entries'>>(
    db,
    `SELECT generation, grid_size AS gridSize, parameters, planned_by AS plannedBy, planned_at AS plannedAt
     FROM run_plan WHERE run_id = ? ORDER BY generation`,
    [runId],
    { parameters: fromJson, plannedAt: isoTime },
  );
  const sums = await select<{ generation: number; entries: string }>(
    db,
    `SELECT p.generation, SUM(q.entries) AS entries FROM run_partition p JOIN run_partition_pass q ON q.partition_id = p.partition_id
     WHERE p.run_id = ? GROUP BY p.generation, q.pass ORDER BY p.generation, q.pass`,
    [runId],
  );
  return plans.map((plan) => ({
    ...plan,
    entries: sums.flatMap(({ generation, entries }) => (generation === plan.generation ? [Number(entries)] : [])),
  }));
}

type ExecutionRow = Omit<ExecutionRecord, 'seconds' | 'parameters' | 'entriesPerSecond'> &
  ExecutionRecord['parameters'] & { readonly seconds: string | null };

/** Executions in the order of their requests. A dead one ends with its last sign of life. */
export async function readExecutions(db: Db, runId: number): Promise<ExecutionRecord[]> {
  const rows = await select<ExecutionRow>(
    db,
    `SELECT e.execution_id AS executionId, e.generation, e.status, (e.status = 'RUNNING' AND ${executionIsSilent('e')}) AS dead,
       e.requested_by AS requestedBy, e.requested_at AS requestedAt, e.host, e.pid, e.started_at AS startedAt,
       e.heartbeat_at AS heartbeatAt, e.ended_at AS endedAt,
       TIMESTAMPDIFF(MICROSECOND, e.started_at, COALESCE(IF(e.status = 'ABANDONED', e.heartbeat_at, e.ended_at), e.heartbeat_at)) / 1000000 AS seconds,
       e.grid_size AS gridSize, e.workers, e.chunk_rows AS chunkRows, e.entries, e.done, e.exceptions,
       e.stop_requested_by AS stopRequestedBy, e.exit_code AS exitCode, e.error_code AS errorCode, e.error_message AS errorMessage
     FROM job_execution e WHERE e.run_id = ? ORDER BY e.execution_id`,
    [runId],
    { dead: isTrue, requestedAt: isoTime, startedAt: isoTime, heartbeatAt: isoTime, endedAt: isoTime },
  );
  const unended = rows.some(({ status }) => status === 'RUNNING' || status === 'ABANDONED');
  const committed = unended ? await readCommitted(db, runId) : new Map<number, number>();
  return rows.map((row) =>
    toExecution(row.entries > 0 ? row : { ...row, entries: committed.get(row.executionId) ?? 0 }),
  );
}

/** The entries that the claims of each execution have committed. The execution's own row has them only after its end. */
async function readCommitted(db: Db, runId: number): Promise<Map<number, number>> {
  const rows = await select<{ executionId: number; entries: string }>(
    db,
    `SELECT c.execution_id AS executionId, SUM(IF(c.status = 'RUNNING', ${committedByOpenClaim('c')}, c.entries)) AS entries
     FROM partition_execution c JOIN run_partition r ON r.partition_id = c.partition_id
     WHERE r.run_id = ? GROUP BY c.execution_id`,
    [runId],
  );
  return new Map(rows.map(({ executionId, entries }) => [executionId, Number(entries)]));
}

function toExecution({
  gridSize,
  workers,
  chunkRows,
  entries,
  done,
  exceptions,
  ...row
}: ExecutionRow): ExecutionRecord {
  const { stopRequestedBy, exitCode, errorCode, errorMessage, dead, ...began } = row;
  const seconds = row.seconds === null ? null : Number(row.seconds);
  const entriesPerSecond = seconds === null || seconds <= 0 || entries === 0 ? null : Math.round(entries / seconds);
  return {
    ...began,
    dead: dead ?? false, // a comparison with NULL, while it was not heard of
    seconds,
    parameters: { gridSize, workers, chunkRows },
    entries,
    done,
    exceptions,
    entriesPerSecond,
    stopRequestedBy,
    exitCode,
    errorCode,
    errorMessage,
  };
}

/** Partitions by generation and number, each with its claims. */
export async function readPartitionRecords(db: Db, runId: number): Promise<PartitionRecord[]> {
  const partitions = await select<Omit<PartitionRecord, 'passes' | 'executions'>>(
    db,
    `SELECT partition_id AS partitionId, generation, number, status, exceptions, seq AS chunks, epoch AS claims, error_code AS errorCode,
       error_message AS errorMessage, updated_at AS updatedAt
     FROM run_partition WHERE run_id = ? ORDER BY generation, number`,
    [runId],
    { updatedAt: isoTime },
  );
  const claims = await select<ClaimRecord & { readonly partitionId: number }>(
    db,
    `SELECT c.partition_id AS partitionId, c.epoch, c.execution_id AS executionId, c.status, c.from_cursor_id AS fromCursorId, c.entries,
       c.chunks, c.started_at AS startedAt, c.ended_at AS endedAt, c.error_code AS errorCode, c.error_message AS errorMessage
     FROM partition_execution c JOIN run_partition p ON p.partition_id = c.partition_id
     WHERE p.run_id = ? ORDER BY c.partition_id, c.epoch`,
    [runId],
    { startedAt: isoTime, endedAt: isoTime },
  );
  const executionsOf = new Map<number, ClaimRecord[]>();
  for (const { partitionId, ...claim } of claims)
    executionsOf.set(partitionId, [...(executionsOf.get(partitionId) ?? []), claim]);
  const passes = await readPasses(db, runId);
  return partitions.map((partition) => ({
    ...partition,
    passes: passes.get(partition.partitionId) ?? [],
    executions: executionsOf.get(partition.partitionId) ?? [],
  }));
}
