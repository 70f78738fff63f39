/** Whether the periods that end on a date, or before it, may be closed. */
import type { Db } from '../../infra/database.js';
import type { PlatformTime } from '../../infra/platform-time.js';
import { MagamError } from '../../kernel/errors.js';
import { earliestUnsettled } from '../feed/stores/calendar.js';
import { readUnposted } from '../postings/stores/settlement-posting.js';

/** Earlier than every date. */
const BEGINNING = '0001-01-01';

/**
 * Throws STATEMENT_DATE_NOT_OVER for today and later dates, STATEMENT_DATE_UNSETTLED while a date up to it has entries and is not settled, and
 * STATEMENT_DATE_UNPOSTED while a settled one is not in the ledger.
 */
export async function requireStatable(
  db: Db,
  through: string,
  now: Pick<PlatformTime, 'date' | 'timeZone'>,
): Promise<void> {
  if (through >= now.date)
    throw new MagamError(
      'STATEMENT_DATE_NOT_OVER',
      `${through} is not over in ${now.timeZone}, where it is ${now.date}.`,
      {
        date: through,
        today: now.date,
      },
    );
  const unsettled = await earliestUnsettled(db, null, through);
  if (unsettled !== undefined)
    throw new MagamError('STATEMENT_DATE_UNSETTLED', `${unsettled} has entries and is not settled.`, {
      date: through,
      unsettled,
    });
  const [unposted] = await readUnposted(db, { date: BEGINNING, generation: 0 }, through, 1);
  if (unposted === undefined) return;
  throw new MagamError(
    'STATEMENT_DATE_UNPOSTED',
    `Generation ${unposted.generation} of ${unposted.date} is settled and not in the ledger.`,
    { date: through, unposted },
  );
}
