/** The job history as operators read it: runs, plans, executions, partitions, claims, certificates, what was parked. */
import { type Cell, change, type Db, isoTime, select, streamArrays, type Tx } from '../../../infra/database.js';
import type { PartitionStatus } from './partition.js';
import type { ExecutionStatus, RunStatus } from './run.js';

/** An execution that says it runs but was silent this long is shown as dead. */
const SILENT_SECONDS = 30;

export interface RunSummary {
  readonly runId: number;
  readonly job: string;
  readonly date: string;
  readonly status: RunStatus;
  readonly generation: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
  /** Sums over all generations. */
  readonly lines: number;
  readonly refunds: number;
  /** Entries that are parked now. */
  readonly exceptions: number;
}

export interface PlanRecord {
  readonly generation: number;
  readonly gridSize: number;
  readonly policyRevision: number;
  readonly sales: number;
  readonly refunds: number;
  readonly plannedBy: number;
  readonly plannedAt: string;
}

export interface ExecutionRecord {
  readonly executionId: number;
  readonly generation: number | null;
  readonly status: ExecutionStatus;
  /** RUNNING, but not heard of for half a minute. */
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
  readonly linesWritten: number;
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
  /** Ranges of feed ids: (after, through]. */
  readonly sales: {
    readonly after: number;
    readonly through: number;
    readonly entries: number;
    readonly lines: number;
  };
  readonly refunds: {
    readonly after: number;
    readonly through: number;
    readonly entries: number;
    readonly lines: number;
  };
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

export interface CertificateRecord {
  readonly generation: number;
  readonly hash: string;
  readonly signed: boolean;
  readonly certifiedAt: string;
}

/** A row as the driver gives it; BIGINTs and sums are text. */
type Row = Readonly<Record<string, string | number | null>>;

const timeOf = (stamp: Row[string] | undefined): string | null =>
  stamp === null || stamp === undefined ? null : isoTime(String(stamp));
const textOf = (value: Row[string] | undefined): string | null =>
  value === null || value === undefined ? null : String(value);
const numberOf = (value: Row[string] | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const RUN = `SELECT j.run_id, j.job, j.settled_on, j.status, j.generation, j.created_at, j.updated_at, j.completed_at,
    (SELECT SUM(p.sale_lines) FROM run_partition p WHERE p.run_id = j.run_id) AS sale_lines,
    (SELECT SUM(p.refund_lines) FROM run_partition p WHERE p.run_id = j.run_id) AS refund_lines,
    (SELECT COUNT(*) FROM settlement_exception x WHERE x.settled_on = j.settled_on AND x.settled_generation IS NULL) AS exceptions
  FROM job_instance j`;

/** Runs by date, the latest first; of one date when it is given. */
export async function readRuns(db: Db, date?: string): Promise<RunSummary[]> {
  const where = date === undefined ? '' : 'WHERE j.settled_on = ?';
  const sql = `${RUN} ${where} ORDER BY j.settled_on DESC, j.run_id DESC`;
  return (await select<Row>(db, sql, date === undefined ? [] : [date])).map(toRun);
}

export interface RunFilter {
  /** The first and the last date. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** Only dates before this one: where the page before ended. */
  readonly before?: string | undefined;
}

/** A page of runs, the latest date first. */
export async function listRuns(db: Db, filter: RunFilter, limit: number): Promise<RunSummary[]> {
  const conditions = ["j.job = 'settle'"];
  const params: string[] = [];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add('j.settled_on >= ?', filter.from);
  add('j.settled_on <= ?', filter.to);
  add('j.settled_on < ?', filter.before);
  add('j.status = ?', filter.status);
  const sql = `${RUN} WHERE ${conditions.join(' AND ')} ORDER BY j.settled_on DESC LIMIT ?`;
  return (await select<Row>(db, sql, [...params, limit])).map(toRun);
}

export async function readRun(db: Db, runId: number): Promise<RunSummary | undefined> {
  const [row] = await select<Row>(db, `${RUN} WHERE j.run_id = ?`, [runId]);
  return row && toRun(row);
}

const toRun = (row: Row): RunSummary => ({
  runId: Number(row.run_id),
  job: String(row.job),
  date: String(row.settled_on),
  status: row.status as RunStatus,
  generation: Number(row.generation),
  createdAt: isoTime(String(row.created_at)),
  updatedAt: isoTime(String(row.updated_at)),
  completedAt: timeOf(row.completed_at),
  lines: Number(row.sale_lines ?? 0),
  refunds: Number(row.refund_lines ?? 0),
  exceptions: Number(row.exceptions),
});

export async function readPlans(db: Db, runId: number): Promise<PlanRecord[]> {
  const rows = await select<Row>(db, 'SELECT * FROM run_plan WHERE run_id = ? ORDER BY generation', [runId]);
  return rows.map((row) => ({
    generation: Number(row.generation),
    gridSize: Number(row.grid_size),
    policyRevision: Number(row.policy_revision),
    sales: Number(row.sales),
    refunds: Number(row.refunds),
    plannedBy: Number(row.planned_by),
    plannedAt: isoTime(String(row.planned_at)),
  }));
}

/** Executions in the order of their requests. What a running one did so far is what its claims have recorded. */
export async function readExecutions(db: Db, runId: number): Promise<ExecutionRecord[]> {
  const rows = await select<Row>(
    db,
    `SELECT e.*, (e.status = 'RUNNING' AND COALESCE(e.heartbeat_at, e.started_at) < UTC_TIMESTAMP(3) - INTERVAL ? SECOND) AS dead,
       TIMESTAMPDIFF(MICROSECOND, e.started_at, COALESCE(e.ended_at, e.heartbeat_at)) / 1000000 AS seconds
     FROM job_execution e WHERE e.run_id = ? ORDER BY e.execution_id`,
    [SILENT_SECONDS, runId],
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
    linesWritten: Number(row.lines_written),
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
  return rows.map((row) => toPartition(row, byPartition.get(String(row.partition_id)) ?? []));
}

function toPartition(row: Row, executions: ClaimRecord[]): PartitionRecord {
  const leg = (name: 'sale' | 'refund') => ({
    after: Number(row[`${name}_lo`]),
    through: Number(row[`${name}_hi`]),
    entries: Number(row[`${name}s`]),
    lines: Number(row[`${name}_lines`]),
  });
  return {
    partitionId: Number(row.partition_id),
    generation: Number(row.generation),
    number: Number(row.number),
    status: row.status as PartitionStatus,
    sales: leg('sale'),
    refunds: leg('refund'),
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

export async function readCertificateRecords(db: Db, date: string): Promise<CertificateRecord[]> {
  const rows = await select<Row>(
    db,
    'SELECT generation, hash, signature, certified_at FROM settlement_certificate WHERE settled_on = ? ORDER BY generation',
    [date],
  );
  return rows.map((row) => ({
    generation: Number(row.generation),
    hash: String(row.hash),
    signed: row.signature !== null,
    certifiedAt: isoTime(String(row.certified_at)),
  }));
}

/**
 * What is parked on a date, or with `all` what ever was, in batches of arrays: leg (0 sale, 1 refund), entry id, order, line and
 * refund id, code, details (JSON text), generation, when it was parked, the generation that settled it later or null.
 */
export function streamExceptions(db: Db, date: string, all: boolean): AsyncGenerator<Cell[][]> {
  return streamArrays(
    db,
    `SELECT x.leg, x.entry_id, s.order_id, s.line_id, r.refund_id, x.code, x.details, x.generation, x.parked_at, x.settled_generation
     FROM settlement_exception x
     LEFT JOIN refund_entry r ON x.leg = 1 AND r.settled_on = x.settled_on AND r.entry_id = x.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = IF(x.leg = 0, x.settled_on, r.original_on)
       AND s.entry_id = IF(x.leg = 0, x.entry_id, r.original_id)
     WHERE x.settled_on = ? ${all ? '' : 'AND x.settled_generation IS NULL'}
     ORDER BY x.settled_on, x.leg, x.entry_id`,
    [date],
  );
}

/**
 * Asks the executions of a run to stop: those that run see the flag between chunks, a request that nobody took ends at once.
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
  if (requested > 0 && running === 0) {
    await change(
      tx,
      `UPDATE job_instance SET status = 'STOPPED', updated_at = UTC_TIMESTAMP(3) WHERE run_id = ? AND status = 'REQUESTED'`,
      [runId],
    );
  }
  return { running, requested };
}
