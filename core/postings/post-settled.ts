/** Posts what was settled and is not in the ledger yet: dates in order, and of a date its generations. */
import type { Db } from '../../infra/database.js';
import { isOutage } from '../../infra/database-errors.js';
import { type PostingReport, postGeneration } from './post-generation.js';
import { type Generation, readUnposted } from './stores/settlement-posting.js';

const GENERATIONS = 100;

/**
 * Posts every certified generation of a range of dates, until the signal says so. One that is refused keeps no other from being posted; its error is thrown at the
 * end. @returns those that this call has posted
 */
export async function postSettled(
  db: Db,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<PostingReport[]> {
  const posted: PostingReport[] = [];
  const refused: unknown[] = [];
  let after: Generation | undefined = { date: from, generation: 0 };
  while (after !== undefined && !signal.aborted) {
    const page: Generation[] = await readUnposted(db, after, to, GENERATIONS);
    for (const one of page) {
      if (signal.aborted) break;
      try {
        posted.push(await postGeneration(db, one));
      } catch (error) {
        if (isOutage(error)) throw error;
        refused.push(error);
      }
    }
    after = page.length < GENERATIONS ? undefined : page.at(-1);
  }
  if (refused.length > 0) throw refused[0];
  return posted.filter(({ alreadyDone }) => !alreadyDone);
}
