/** Posts the settled dates of a range that are not in the ledger, two at a time, for a command. */
import { requireTrialBalance } from '../../../core/ledger/require-trial-balance.js';
import { datesToPost } from '../../../core/postings/dates-to-post.js';
import type { PostedGeneration } from '../../../core/postings/stores/settlement-posting.js';
import { isOutage } from '../../../infra/database-errors.js';
import type { JobContext, JobRequest } from '../../engine/job.js';
import { runJob } from '../../engine/run-job.js';
import { postJobOfRange, readPostedBy } from './post-job.js';

/**
 * Dates that are posted at the same time, each by a transaction over a connection of its own. They meet at the balances of the platform's accounts, which one of them holds from the
 * moment that it moves balances until its commit, so more than two would mostly wait.
 */
const AT_ONCE = 2;

type Context = Omit<JobContext, 'onProgress'>;
type Request = Pick<JobRequest, 'gridSize' | 'workers' | 'chunkRows' | 'requestedBy'>;

/** What became of a date. */
interface Outcome {
  readonly posted: readonly PostedGeneration[];
  /** Why it was refused. */
  readonly error?: unknown;
}

/**
 * Carries out the run of each date that has something to post or whose run is not completed, or joins it. A refused date does not keep the others from being
 * posted; the error of the first one is thrown at the end. After an outage, and when the signal aborts, no further date is begun. @returns the postings of these runs, by date
 * and generation
 */
export async function postDates(
  context: Context,
  { from, to }: { readonly from: string; readonly to: string },
  request: Request,
): Promise<PostedGeneration[]> {
  const dates = await datesToPost(context.db, from, to);
  if (dates.length > 0) await requireTrialBalance(context.db);
  const outcomes = new Map<string, Outcome>();
  let outage: unknown;
  const left = dates.values();
  const postInTurn = async (): Promise<void> => {
    for (const date of left) {
      if (context.signal.aborted || outage !== undefined) return;
      const outcome = await postDate(context, date, request);
      outcomes.set(date, outcome);
      if (isOutage(outcome.error)) outage ??= outcome.error;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, postInTurn));
  if (outage !== undefined) throw outage;
  const inOrder = dates.flatMap((date) => outcomes.get(date) ?? []);
  const refused = inOrder.find(({ error }) => error !== undefined);
  if (refused !== undefined) throw refused.error;
  return inOrder.flatMap(({ posted }) => posted);
}

async function postDate(context: Context, key: string, request: Request): Promise<Outcome> {
  try {
    const asked: JobRequest = { ...request, key, wait: true, onStop: 'stop-run' };
    const { run, alreadyDone } = await runJob({ ...context, onProgress: () => undefined }, postJobOfRange, asked);
    return { posted: run === undefined || alreadyDone ? [] : await readPostedBy(context.db, run) };
  } catch (error) {
    return { posted: [], error };
  }
}
