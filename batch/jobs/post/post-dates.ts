/** Posts the settled dates of a range that are not in the ledger, for a command. */
import { datesToPost } from '../../../core/postings/dates-to-post.js';
import type { PostedGeneration } from '../../../core/postings/stores/settlement-posting.js';
import { isOutage } from '../../../infra/database-errors.js';
import type { JobContext, JobRequest } from '../../engine/job.js';
import { runJob } from '../../engine/run-job.js';
import { postJob, readPostedBy } from './post-job.js';

/**
 * Dates that are posted at the same time, each by a transaction of its own. The database works at one while this process and the other transaction go on. They meet at the
 * balances of the platform's accounts, which one of them holds from the moment that it adds up its postings until its commit; so more than two would mostly wait.
 */
const AT_ONCE = 2;

interface Outcome {
  readonly posted: readonly PostedGeneration[];
  /** Why the date was refused. */
  readonly error?: unknown;
}

/**
 * Carries out the run of each date that has something to post or whose run is not completed, or joins it. A refused date does not keep the others from being
 * posted; the error of the first one is thrown at the end. Ends early when the signal aborts. @returns the postings of these runs, by date and generation
 */
export async function postDates(
  context: Omit<JobContext, 'onProgress'>,
  { from, to }: { readonly from: string; readonly to: string },
  request: Pick<JobRequest, 'gridSize' | 'workers' | 'chunkRows' | 'requestedBy'>,
): Promise<PostedGeneration[]> {
  const { db, signal } = context;
  const dates = await datesToPost(db, from, to);
  const left = dates.values();
  const outcomes = new Map<string, Outcome>();
  let outage: unknown;
  const postInTurn = async (): Promise<void> => {
    for (const date of left) {
      if (signal.aborted || outage !== undefined) return;
      const outcome = await postDate(context, date, request);
      outcomes.set(date, outcome);
      if (isOutage(outcome.error)) outage = outcome.error;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, postInTurn));
  if (outage !== undefined) throw outage;
  const inOrder = dates.flatMap((date) => outcomes.get(date) ?? []);
  const refused = inOrder.find(({ error }) => error !== undefined);
  if (refused !== undefined) throw refused.error;
  return inOrder.flatMap(({ posted }) => posted);
}

async function postDate(
  context: Omit<JobContext, 'onProgress'>,
  key: string,
  request: Pick<JobRequest, 'gridSize' | 'workers' | 'chunkRows' | 'requestedBy'>,
): Promise<Outcome> {
  try {
    const asked: JobRequest = { ...request, key, wait: true, onStop: 'stop-run' };
    const { run, alreadyDone } = await runJob({ ...context, onProgress: () => undefined }, postJob, asked);
    return { posted: run === undefined || alreadyDone ? [] : await readPostedBy(context.db, run) };
  } catch (error) {
    return { posted: [], error };
  }
}
