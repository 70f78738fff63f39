/** Numbers of jobs for monitoring, each from an index. */
import { type Db, select } from '../../../infra/database.js';

export interface StatusCount {
  readonly job: string;
  readonly status: string;
  readonly count: number;
}

export interface BatchGauges {
  readonly runs: readonly StatusCount[];
  /** Of unfinished runs. */
  readonly partitions: readonly StatusCount[];
}

/** Runs of the jobs, and their partitions, by status. */
export async function readBatchGauges(db: Db, jobs: readonly string[]): Promise<BatchGauges> {
  const runs = await select<StatusCount>(
    db,
    'SELECT job, status, COUNT(*) AS count FROM job_instance WHERE job IN (?) GROUP BY job, status',
    [jobs],
    { count: Number },
  );
  const partitions = await select<StatusCount>(
    db,
    `SELECT i.job, p.status, COUNT(*) AS count FROM job_instance i
       JOIN run_partition p ON p.run_id = i.run_id AND p.generation = i.generation
     WHERE i.job IN (?) AND i.status IN ('RUNNING', 'STOPPED', 'FAILED') GROUP BY i.job, p.status`,
    [jobs],
    { count: Number },
  );
  return { runs, partitions };
}
