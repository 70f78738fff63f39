/** The causes of alarms, as the tables of runs, events and duties hold them. */
import { type Db, select } from '../../../infra/database.js';
import { CHAIN_JOBS } from '../../jobs/rules/chain.js';
import type { RunStatus } from '../../jobs/stores/run.js';
import { SETTLE } from '../../settlement/stores/settlement-run.js';

/** Dates that are looked at for parked entries. */
const DATES = 32;

export interface FailedRun {
  readonly runId: number;
  readonly job: string;
  readonly date: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** Failed settlements and failed runs of the jobs that follow them, with the error of the last execution that failed. */
export const readFailedRuns = (db: Db): Promise<FailedRun[]> =>
  select<FailedRun>(
    db,
    `SELECT i.run_id AS runId, i.job, i.job_key AS date, e.error_code AS code, e.error_message AS message FROM job_instance i
     LEFT JOIN job_execution e ON e.execution_id =
       (SELECT MAX(x.execution_id) FROM job_execution x WHERE x.run_id = i.run_id AND x.status = 'FAILED')
     WHERE i.job IN (?) AND i.status = 'FAILED' ORDER BY i.job_key, i.run_id`,
    [CHAIN_JOBS],
  );

export interface ParkedDate {
  readonly runId: number;
  readonly date: string;
  readonly entries: number;
}

/** Which of the latest dates are settled but still have parked entries. */
export const readParkedDates = (db: Db): Promise<ParkedDate[]> =>
  select<ParkedDate>(
    db,
    `SELECT d.run_id AS runId, d.job_key AS date, COUNT(*) AS entries
     FROM (SELECT run_id, job_key, status FROM job_instance WHERE job = '${SETTLE}' ORDER BY job_key DESC LIMIT ${DATES}) d
     JOIN settlement_exception x ON x.settled_on = CAST(d.job_key AS DATE)
     WHERE d.status = 'COMPLETED_WITH_EXCEPTIONS' AND x.settled_generation IS NULL GROUP BY d.run_id, d.job_key ORDER BY d.job_key`,
    [],
    { entries: Number },
  );

/** The status of the job's runs for these dates. */
export async function readRunStatuses(db: Db, job: string, dates: readonly string[]): Promise<Map<string, RunStatus>> {
  if (dates.length === 0) return new Map();
  const sql = 'SELECT job_key AS date, status FROM job_instance WHERE job = ? AND job_key IN (?)';
  const rows = await select<{ date: string; status: RunStatus }>(db, sql, [job, dates]);
  return new Map(rows.map(({ date, status }) => [date, status]));
}

export interface SlowStep {
  readonly runId: number;
  readonly job: string;
  readonly date: string;
}

/** Runs of jobs that follow the settlement, requested at least this many minutes ago and never completed, by date. */
export const readSlowSteps = (db: Db, minutes: number): Promise<SlowStep[]> =>
  select<SlowStep>(
    db,
    `SELECT run_id AS runId, job, job_key AS date FROM job_instance
     WHERE job IN (?) AND completed_at IS NULL AND created_at < UTC_TIMESTAMP(3) - INTERVAL ? MINUTE ORDER BY job_key, run_id`,
    [CHAIN_JOBS.filter((job) => job !== SETTLE), minutes],
  );

export interface ConsumerDeadLetters {
  readonly consumer: string;
  readonly events: number;
  /** The error of the newest of them. */
  readonly error: string | null;
}

/** Consumers that have given up on events. */
export const readDeadLetterCounts = (db: Db): Promise<ConsumerDeadLetters[]> =>
  select<ConsumerDeadLetters>(
    db,
    `SELECT d.consumer, d.events, a.last_error AS error
     FROM (SELECT consumer, COUNT(*) AS events, MAX(event_id) AS newest FROM outbox_attempt WHERE status = 'DEAD' GROUP BY consumer) d
     JOIN outbox_attempt a ON a.event_id = d.newest AND a.consumer = d.consumer ORDER BY d.consumer`,
    [],
    { events: Number },
  );
