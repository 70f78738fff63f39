/** The keys for which a step of the chain is due, and the generation that it has processed. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { CHAIN_HEAD, type ChainStep, daysAfterSettled } from '../rules/chain.js';
import type { Run } from './run.js';

const DONE = `('COMPLETED', 'COMPLETED_WITH_EXCEPTIONS')`;

/** The last completed generation of a run; 0: none. While a later one is under way, the previous one counts. */
const completed = (run: string): string => `IF(${run}.status IN ${DONE}, ${run}.generation, ${run}.generation - 1)`;

/** The key that is this many days after the key of a run. It has the character set of its column, so that the index is used. */
const keyAfter = (run: string, days: number): string =>
  `CONVERT(DATE_ADD(CAST(${run}.job_key AS DATE), INTERVAL ${days} DAY) USING ascii) COLLATE ascii_bin`;

/** A failed run is requested again after this long. */
const RETRY_SECONDS = 15 * 60;

/**
 * The earliest key for which the step must be requested: the step before it has completed a generation that it has not taken up, or it has failed. A key that
 * is requested or under way is left out, and so is one that was stopped or has failed within the last quarter of an hour.
 */
export async function readDueKey(db: Db, step: ChainStep): Promise<string | undefined> {
  const key = keyAfter('b', step.daysLater);
  const through = step.waitsForEarlier ? await readFirstOpenKey(db, step) : undefined;
  const [row] = await select<{ key: string }>(
    db,
    `SELECT ${key} AS \`key\` FROM job_instance b LEFT JOIN job_instance f ON f.job = ? AND f.job_key = ${key}
     WHERE b.job = ? AND ${completed('b')} >= 1
       AND (f.run_id IS NULL OR f.status = 'FAILED' OR (f.status IN ${DONE} AND f.followed_generation < ${completed('b')}))
       AND NOT EXISTS (SELECT 1 FROM job_execution e WHERE e.run_id = f.run_id AND (e.status IN ('REQUESTED', 'RUNNING')
         OR (e.status = 'FAILED' AND e.requested_at > UTC_TIMESTAMP(3) - INTERVAL ${RETRY_SECONDS} SECOND)))
       ${through === undefined ? '' : `AND ${key} <= ?`}
     ORDER BY b.job_key LIMIT 1`,
    [step.job, step.follows, ...(through === undefined ? [] : [through])],
  );
  return row?.key;
}

/** The earliest key of the step whose date is settled and that the step was never completed for. */
export async function readFirstOpenKey(db: Db, step: ChainStep): Promise<string | undefined> {
  const key = keyAfter('h', daysAfterSettled(step));
  const [row] = await select<{ key: string }>(
    db,
    `SELECT ${key} AS \`key\` FROM job_instance h LEFT JOIN job_instance f ON f.job = ? AND f.job_key = ${key}
     WHERE h.job = ? AND ${completed('h')} >= 1 AND (f.run_id IS NULL OR ${completed('f')} = 0) ORDER BY h.job_key LIMIT 1`,
    [step.job, CHAIN_HEAD],
  );
  return row?.key;
}

/** The generation that the previous step has completed for a key of the step; 0: none. */
export async function readGenerationToFollow(db: Db, step: ChainStep, key: string): Promise<number> {
  const [row] = await select<{ generation: number | string }>(
    db,
    `SELECT ${completed('b')} AS generation FROM job_instance b
     WHERE b.job = ? AND b.job_key = ?`,
    [step.follows, addDays(key, -step.daysLater)],
  );
  return Number(row?.generation ?? 0);
}

/** Records that a run has taken up this generation. @returns whether it had not done so before */
export async function noteFollowed(tx: Tx, { runId }: Pick<Run, 'runId'>, generation: number): Promise<boolean> {
  const sql =
    'UPDATE job_instance SET followed_generation = ?, updated_at = UTC_TIMESTAMP(3) WHERE run_id = ? AND followed_generation < ?';
  return (await change(tx, sql, [generation, runId, generation])) === 1;
}

export interface StoppedStep {
  readonly runId: number;
  readonly job: string;
  readonly key: string;
}

/** The earliest stopped run of each job: the steps after it wait until a person resumes it. */
export const readStoppedSteps = (db: Db, jobs: readonly string[]): Promise<StoppedStep[]> =>
  select<StoppedStep>(
    db,
    `SELECT i.run_id AS runId, i.job, i.job_key AS \`key\` FROM job_instance i
     JOIN (SELECT job, MIN(job_key) AS first_key FROM job_instance WHERE status = 'STOPPED' AND job IN (?) GROUP BY job) s
       ON s.job = i.job AND s.first_key = i.job_key ORDER BY i.job`,
    [jobs],
  );
