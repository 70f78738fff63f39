/** Posts the settled dates of a range that are not in the ledger, one after the other, for a command. */
import { datesToPost } from '../../../core/postings/dates-to-post.js';
import type { PostedGeneration } from '../../../core/postings/stores/settlement-posting.js';
import { isOutage } from '../../../infra/database-errors.js';
import type { JobContext, JobRequest } from '../../engine/job.js';
import { runJob } from '../../engine/run-job.js';
import { postJob, readPostedBy } from './post-job.js';

/**
 * Carries out the run of each date that has something to post or whose run is not completed, or joins it. A refused date does not keep the others from being
 * posted; its error is thrown at the end. Ends early when the signal aborts. @returns the postings of these runs, by date and generation
 */
export async function postDates(
  context: Omit<JobContext, 'onProgress'>,
  { from, to }: { readonly from: string; readonly to: string },
  request: Pick<JobRequest, 'gridSize' | 'workers' | 'chunkRows' | 'requestedBy'>,
): Promise<PostedGeneration[]> {
  const { db, signal } = context;
  const posted: PostedGeneration[] = [];
  const refused: unknown[] = [];
  for (const key of await datesToPost(db, from, to)) {
    if (signal.aborted) break;
    try {
      const asked: JobRequest = { ...request, key, wait: true, onStop: 'stop-run' };
      const { run, alreadyDone } = await runJob({ ...context, onProgress: () => undefined }, postJob, asked);
      if (run !== undefined && !alreadyDone) posted.push(...(await readPostedBy(db, run)));
    } catch (error) {
      if (isOutage(error)) throw error;
      refused.push(error);
    }
  }
  if (refused.length > 0) throw refused[0];
  return posted;
}
