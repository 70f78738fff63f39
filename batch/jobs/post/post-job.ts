/**
 * The posting of a settled date to the ledger, as the engine carries it out: every certified generation of the date that is not in the ledger.
 *
 * All of it is done in the transaction that completes the run, which holds the run's row: the trial balance needs the generation as a whole, and it takes longer than a
 * chunk, which must end within a lease. So the plan has no partitions.
 */
import { POST_STEP } from '../../../core/jobs/rules/chain.js';
import { findPlan, type Plan } from '../../../core/jobs/stores/plan.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { type PostedGeneration, readPosted, readUnposted } from '../../../core/postings/stores/settlement-posting.js';
import type { Db } from '../../../infra/database.js';
import { chainJob } from '../../engine/chain.js';

/** The data that the plan freezes. */
interface PostPlan {
  readonly generations: readonly number[];
}

export const postJob = chainJob(POST_STEP, {
  words: { started: 'posting to the ledger', ended: 'posted to the ledger', failed: 'posting to the ledger failed' },
  allInFinish: true,
  hasWork: async (db, { key: date }) => (await readUnposted(db, date, date)).length > 0,
  plan: async (tx, { key: date }) => {
    const parameters: PostPlan = {
      generations: (await readUnposted(tx, date, date)).map(({ generation }) => generation),
    };
    return { parameters, partitions: [] };
  },
  finish:
    async (_call, { key: date }, plan) =>
    async (tx) => {
      for (const generation of generationsOf(plan)) await postGeneration(tx, { date, generation });
      return 'COMPLETED';
    },
  report: async (db, run) => ({ generations: (await readPostedBy(db, run)).length }),
});

const generationsOf = ({ parameters }: Plan): readonly number[] => (parameters as PostPlan).generations;

/** The postings of the run's last generation. */
export async function readPostedBy(db: Db, { runId, key: date, generation }: Run): Promise<PostedGeneration[]> {
  const plan = await findPlan(db, runId, generation);
  const posted: PostedGeneration[] = [];
  for (const one of plan === undefined ? [] : generationsOf(plan)) {
    const found = await readPosted(db, { date, generation: one });
    if (found !== undefined) posted.push(found);
  }
  return posted;
}
