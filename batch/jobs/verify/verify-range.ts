/** Verification of all dates of a range: each with its own checks, and the chain of certificates from the last of them back to the first of all. */
import { dateNotClosed } from '../../../core/settlement/date-states.js';
import { survivingOutage } from '../../../infra/survive-outage.js';
import { datesBetween } from '../../../kernel/business-date.js';
import type { JobContext } from '../../engine/job.js';
import { lastShutDate } from './shut-through.js';
import { type Verification, verifyDate } from './verify-date.js';

/**
 * Verifies every date from `from` to `to`, in order, so that none is left out: those without entries, too. Throws DATE_NOT_CLOSED, with the first such
 * date, when one of them is not closed.
 */
export async function* verifyRange(context: JobContext, from: string, to: string): AsyncGenerator<Verification> {
  const { db, config, signal, onOutage } = context;
  const patience = { outageMs: config.outageMs, signal, onOutage };
  const shut = await survivingOutage(patience, () => lastShutDate(db));
  const dates = datesBetween(from, to);
  const open = dates.find((date) => shut === null || date > shut);
  if (open !== undefined) throw await dateNotClosed(db, open);
  // The checks of the whole range are made once: one walk back from the last date sees every link of the dates before it.
  for (const date of dates)
    yield await survivingOutage(patience, () => verifyDate(context, date, { isLast: date === to }));
}
