/**
 * The runs of the settlement: those of the job `settle`, whose keys are dates. The first pass is the sales and the second the refunds. Lists also show runs of
 * the jobs that follow it.
 */

import { type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import { CHAIN_HEAD, CHAIN_JOBS } from '../../jobs/rules/chain.js';
import { executionIsSilent } from '../../jobs/stores/execution.js';
import { ensureRun, findRun, findRunById, type Run, type RunStatus } from '../../jobs/stores/run.js';

/** The name of the job. */
export const SETTLE = CHAIN_HEAD;

export interface SettlementRun extends Run {
  /** The key. */
  readonly date: string;
}

const settlementRun = (run: Run): SettlementRun => ({ ...run, date: run.key });

/** The run of the date. `lock` holds its row to the commit. */
export async function findSettlementRun(db: Db, date: string, lock = false): Promise<SettlementRun | undefined> {
  const run = await findRun(db, SETTLE, date, lock);
  return run && settlementRun(run);
}

/** The run with this id, when it is one of the settlement. `lock` holds its row to the commit. */
export async function findSettlementRunById(db: Db, runId: number, lock = false): Promise<SettlementRun | undefined> {
  const run = await findRunById(db, runId, lock);
  return run?.job === SETTLE ? settlementRun(run) : undefined;
}

/** The run with this id, when it is one of the settlement or of a job that follows it. `lock` holds its row to the commit. */
export async function findChainRunById(db: Db, runId: number, lock = false): Promise<SettlementRun | undefined> {
  const run = await findRunById(db, runId, lock);
  return run !== undefined && CHAIN_JOBS.includes(run.job) ? settlementRun(run) : undefined;
}

/** The run of the date, locked; created unless there is one. */
export const ensureSettlementRun = async (
  tx: Tx,
  date: string,
  status: 'REQUESTED' | 'RUNNING',
): Promise<SettlementRun> => settlementRun(await ensureRun(tx, SETTLE, date, status));

/** The dates of a range with a settled generation whose certificate is missing, in order. A date that was closed empty has no plan. */
export async function datesLackingCertificates(db: Db, from: string, to: string): Promise<string[]> {
  const rows = await select<{ date: string }>(
    db,
    `SELECT DISTINCT j.job_key AS date FROM job_instance j
     JOIN run_plan p ON p.run_id = j.run_id
       AND (p.generation < j.generation OR j.status IN ('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS'))
     LEFT JOIN settlement_certificate c ON c.settled_on = CAST(j.job_key AS DATE) AND c.generation = p.generation AND c.run_id = j.run_id
     WHERE j.job = '${SETTLE}' AND j.job_key BETWEEN ? AND ? AND c.run_id IS NULL ORDER BY j.job_key`,
    [from, to],
  );
  return rows.map(({ date }) => date);
}

/** The last date that a run has closed, or is closing; null: no run has shut a date. */
export async function lastDateOfRuns(db: Db): Promise<string | null> {
  const [row] = await select<{ date: string | null }>(
    db,
    `SELECT MAX(shut.date) AS date FROM (
       SELECT MAX(settled_on) AS date FROM settlement_certificate
       UNION ALL SELECT MAX(d.business_on) FROM business_date d
         JOIN job_instance j ON j.job = '${SETTLE}' AND j.job_key = CAST(d.business_on AS CHAR) WHERE d.status = 'CLOSING') shut`,
  );
  return row?.date ?? null;
}

export interface RunSummary {
  readonly runId: number;
  readonly job: string;
  readonly date: string;
  readonly status: RunStatus;
  /** It is RUNNING, and no process that works on it shows signs of life. */
  readonly dead: boolean;
  readonly generation: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly completedAt: string | null;
  /** Sums over all generations; 0 for other jobs than the settlement. */
  readonly lines: number;
  readonly refunds: number;
  /** Entries that are parked now; 0 for other jobs than the settlement. */
  readonly exceptions: number;
}

const settled = (pass: number): string =>
  `(SELECT SUM(q.done) FROM run_partition p JOIN run_partition_pass q ON q.partition_id = p.partition_id AND q.pass = ${pass}
     WHERE p.run_id = j.run_id)`;
/** A process opens the run a moment before its execution begins, so a run that was moved just now is not dead. */
const OPENING_SECONDS = 10;
const IS_DEAD = `(j.status = 'RUNNING' AND j.updated_at < UTC_TIMESTAMP(3) - INTERVAL ${OPENING_SECONDS} SECOND
    AND NOT EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = j.run_id AND e.status = 'RUNNING' AND NOT ${executionIsSilent('e')}))`;
const ofSettlement = (count: string): string => `IF(j.job = '${SETTLE}', ${count}, 0)`;
const RUN = `SELECT j.run_id AS runId, j.job, j.job_key AS date, j.status, ${IS_DEAD} AS dead, j.generation, j.created_at AS createdAt, j.updated_at AS updatedAt,
    j.completed_at AS completedAt, ${ofSettlement(settled(0))} AS lines_, ${ofSettlement(settled(1))} AS refunds,
    ${ofSettlement('(SELECT COUNT(*) FROM settlement_exception x WHERE x.settled_on = CAST(j.job_key AS DATE) AND x.settled_generation IS NULL)')} AS exceptions
  FROM job_instance j WHERE j.job IN (?)`;

export interface RunFilter {
  /** Jobs of the chain; by default the settlement alone. */
  readonly jobs?: readonly string[] | undefined;
  /** The first and the last date. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** Only dead runs, or only other runs. */
  readonly dead?: boolean | undefined;
  /** Only dates before this one: the end of the previous page. */
  readonly before?: string | undefined;
}

/** Runs, the latest date first, and for one date the latest run first: a page of them, or all. */
export async function listRuns(db: Db, filter: RunFilter, limit?: number): Promise<RunSummary[]> {
  const conditions: string[] = [];
  const params: unknown[] = [filter.jobs ?? [SETTLE]];
  const add = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  add('AND j.job_key >= ?', filter.from);
  add('AND j.job_key <= ?', filter.to);
  add('AND j.job_key < ?', filter.before);
  add('AND j.status = ?', filter.status);
  if (filter.dead !== undefined) conditions.push(`AND ${filter.dead ? '' : 'NOT '}${IS_DEAD}`);
  conditions.push('ORDER BY j.job_key DESC, j.run_id DESC');
  add('LIMIT ?', limit);
  return (await select<SummaryRow>(db, `${RUN} ${conditions.join(' ')}`, params)).map(toSummary);
}

/** The run with this id, of any job of the chain. */
export async function readRun(db: Db, runId: number): Promise<RunSummary | undefined> {
  const [row] = await select<SummaryRow>(db, `${RUN} AND j.run_id = ?`, [CHAIN_JOBS, runId]);
  return row && toSummary(row);
}

interface SummaryRow extends Omit<RunSummary, 'lines' | 'refunds' | 'dead'> {
  readonly dead: number;
  readonly lines_: string | null;
  readonly refunds: string | null;
}

const toSummary = ({ lines_, ...row }: SummaryRow): RunSummary => ({
  runId: row.runId,
  job: row.job,
  date: row.date,
  status: row.status,
  dead: Number(row.dead) === 1,
  generation: row.generation,
  createdAt: isoTime(row.createdAt),
  updatedAt: isoTime(row.updatedAt),
  completedAt: row.completedAt === null ? null : isoTime(row.completedAt),
  lines: Number(lines_ ?? 0),
  refunds: Number(row.refunds ?? 0),
  exceptions: Number(row.exceptions),
});

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
    `SELECT ${settled(0)} AS sales, ${settled(1)} AS refunds,
       (SELECT COUNT(*) FROM run_partition p WHERE p.run_id = j.run_id AND p.generation = 1) AS partitions
     FROM job_instance j WHERE j.run_id = ?`,
    [runId],
  );
  return {
    sales: Number(row?.sales ?? 0),
    refunds: Number(row?.refunds ?? 0),
    partitions: Number(row?.partitions ?? 0),
  };
}
