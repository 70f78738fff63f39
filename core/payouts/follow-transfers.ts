/** Handles the transfers that are due, for a duty: those that were never sent are sent, all others are looked up. */
import type { Db } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { oneByOne } from '../../infra/one-by-one.js';
import { followTransfer, type TransferContext } from './send-payout.js';
import { readDueTransfers } from './stores/provider-transfer.js';

/** A provider may be slow: this many transfers are looked up at once, and those of one round end within the time of a duty. */
const AT_ONCE = 10;
const ROUND = 50;

/** One round. @returns how many were handled. Throws at the end where some could not be handled; the others were */
export async function followTransfers(db: Db, context: TransferContext, signal: AbortSignal): Promise<number> {
  const attempts = new Map((await readDueTransfers(db, ROUND)).map(({ payoutId, attempt }) => [payoutId, attempt]));
  const ids = attempts.keys(); // shared: each takes the next one
  const callers = Array.from({ length: AT_ONCE }, () =>
    oneByOne(ids, async (payoutId) => {
      const attempt = attempts.get(payoutId) ?? 0;
      return !signal.aborted && (await followTransfer(db, context, { payoutId, attempt }));
    }),
  );
  const ended = await Promise.all(callers);
  const [first, ...more] = ended.flatMap(({ failed }) => failed);
  if (first !== undefined)
    throw new Error(`${more.length + 1} transfers, that of payout ${first.id} among them: ${errorText(first.error)}`);
  return ended.reduce((sum, { done }) => sum + done, 0);
}
