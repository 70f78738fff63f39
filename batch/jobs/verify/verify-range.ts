/** Verification of all dates of a range: each with its own checks, and the chain of certificates from the last of them back to the first of all. */
import { datesBetween } from '../../../kernel/business-date.js';
import { MagamError } from '../../../kernel/errors.js';
import type { JobContext } from '../../engine/job.js';
import { lastShutDate } from './shut-through.js';
import { type Verification, verifyDate } from './verify-date.js';

/**
 * Verifies every date from `from` to `to`, in order, so that none is left out: those without entries, too. Throws DATE_NOT_CLOSED, with the first such
 * date, when one of them is not closed.
 */
export async function* verifyRange(context: JobContext, from: string, to: string): AsyncGenerator<Verification> {
  const shut = await lastShutDate(context.db);
  const dates = datesBetween(from, to);
  const open = dates.find((date) => shut === null || date > shut);
  if (open !== undefined) throw new MagamError('DATE_NOT_CLOSED', undefined, { date: open });
  // What is said of all dates is looked at once: one walk back from the last date sees every link of the dates before it.
  for (const date of dates) yield await verifyDate(context, date, { isLast: date === to });
}
