/** Numbers of a job for monitoring, each from an index. */
import { type Db, select } from '../../../infra/database.js';

export interface BatchGauges {
  /** Runs by status. */
  readonly runs: Readonly<Record<string, number>>;
  /** Partitions of unfinished runs by status. */
  readonly partitions: Readonly<Record<string, number>>;
}

export async function readBatchGauges(db: Db, job: string): Promise<BatchGauges> {
  const runs = await select<{ status: string; n: number | string }>(
    db,
    'SELECT status, COUNT(*) AS n FROM job_instance WHERE job = ? GROUP BY status',
    [job],
  );
  const partitions = await select<{ status: string; n: number | string }>(
    db,
    `SELECT p.status, COUNT(*) AS n FROM job_instance i
       JOIN run_partition p ON p.run_id = i.run_id AND p.generation = i.generation
     WHERE i.job = ? AND i.status IN ('RUNNING', 'STOPPED', 'FAILED') GROUP BY p.status`,
    [job],
  );
  return { runs: counts(runs), partitions: counts(partitions) };
}

const counts = (rows: readonly { status: string; n: number | string }[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ status, n }) => [status, Number(n)]));
