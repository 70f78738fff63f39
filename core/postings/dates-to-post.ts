/** Which settled dates the ledger lacks. */
import type { Db } from '../../infra/database.js';
import { POST_STEP } from '../jobs/rules/chain.js';
import { unfinishedKeys } from '../jobs/stores/run.js';
import { readUnposted } from './stores/settlement-posting.js';

/** The dates of a range with a certified generation that is not posted, or whose posting was begun and is not completed; in order. */
export async function datesToPost(db: Db, from: string, to: string): Promise<string[]> {
  const unposted = (await readUnposted(db, from, to)).map(({ date }) => date);
  return [...new Set([...unposted, ...(await unfinishedKeys(db, POST_STEP.job, from, to))])].sort();
}
