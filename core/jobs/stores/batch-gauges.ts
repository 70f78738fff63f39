/** Numbers of the batch for monitoring, each from an index. */
import { type Db, select } from '../../../infra/database.js';

export interface BatchGauges {
  /** Runs by status. */
  readonly runs: Readonly<Record<string, number>>;
  /** Partitions of unfinished runs by status. */
  readonly partitions: Readonly<Record<string, number>>;
  /** Parked entries of the last 32 dates that were settled. */
  readonly exceptions: number;
}

export async function readBatchGauges(db: Db): Promise<BatchGauges> {
  const runs = await select<{ status: string; n: number | string }>(
    db,
    'SELECT status, COUNT(*) AS n FROM job_instance GROUP BY status',
  );
  const partitions = await select<{ status: string; n: number | string }>(
    db,
    `SELECT p.status, COUNT(*) AS n FROM job_instance i
       JOIN run_partition p ON p.run_id = i.run_id AND p.generation = i.generation
     WHERE i.status IN ('RUNNING', 'STOPPED', 'FAILED') GROUP BY p.status`,
  );
  const [exceptions] = await select<{ n: number | string }>(
    db,
    `SELECT COUNT(*) AS n FROM (SELECT settled_on FROM job_instance WHERE job = 'settle' ORDER BY settled_on DESC LIMIT 32) d
       JOIN settlement_exception x ON x.settled_on = d.settled_on WHERE x.settled_generation IS NULL`,
  );
  return { runs: counts(runs), partitions: counts(partitions), exceptions: Number(exceptions?.n ?? 0) };
}

const counts = (rows: readonly { status: string; n: number | string }[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ status, n }) => [status, Number(n)]));
