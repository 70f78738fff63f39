/**
 * The posting of a settled date to the ledger, as the engine carries it out: every certified generation of the date that is not in the ledger.
 *
 * All of it is done in the transaction that completes the run, which holds the run's row: the ledger has a generation as a whole or not at all, and posting it takes longer than a
 * chunk, which must end within a lease. So the plan has no partitions.
 */
import { POST_STEP } from '../../../core/jobs/rules/chain.js';
import { findPlan, type Plan } from '../../../core/jobs/stores/plan.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import { requireTrialBalance } from '../../../core/ledger/require-trial-balance.js';
import { openAccountsOf } from '../../../core/postings/open-accounts.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { type PostedGeneration, readPosted, readUnposted } from '../../../core/postings/stores/settlement-posting.js';
import type { Db } from '../../../infra/database.js';
import { chainJob } from '../../engine/chain.js';
import type { Completion, JobCall, StartedJob } from '../../engine/job.js';

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
  finish: async (call, run, plan) => {
    if (generationsOf(plan).length > 0) await requireTrialBalance(call.db);
    return finish(call, run, plan);
  },
  report: async (db, run) => ({ generations: (await readPostedBy(db, run)).length }),
});

/** What is done before the last transaction keeps that one from holding accounts that other dates wait for. */
async function finish({ db }: JobCall, { key: date }: Run, plan: Plan): Promise<Completion> {
  const generations = generationsOf(plan).map((generation) => ({ date, generation }));
  for (const one of generations) await openAccountsOf(db, one);
  return async (tx) => {
    for (const one of generations) await postGeneration(tx, one);
    return 'COMPLETED';
  };
}

/** The same for one of several dates. Whoever starts them has made sure of the trial balance, which takes as long as the ledger has accounts, once for all of them. */
export const postJobOfRange: StartedJob = { ...postJob, finish };

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
