/**
 * The last date that the calendar has shut. Only a run moves it, to its own date. Moving it back opens closed dates again; moving it on
 * shuts dates that no run closes, so that their entries are refused and never settled.
 */
import { readShutThrough } from '../../../core/feed/stores/calendar.js';
import { lastDateOfRuns } from '../../../core/settlement/stores/settlement-run.js';
import type { Db } from '../../../infra/database.js';
import { type Check, equal } from './check.js';

/** The last date that is shut is the last one that a run has closed or is closing. */
export async function shutThroughCheck(db: Db): Promise<Check> {
  const expected = (await lastDateOfRuns(db)) ?? 'no date';
  return equal('shut-through', expected, (await readShutThrough(db)) ?? 'no date', 'the last date that a run has shut');
}

/** The last shut date, from the calendar or from the runs. */
export async function lastShutDate(db: Db): Promise<string | null> {
  const [shut, ofRuns] = [await readShutThrough(db), await lastDateOfRuns(db)];
  return shut === null || (ofRuns !== null && ofRuns > shut) ? ofRuns : shut;
}
