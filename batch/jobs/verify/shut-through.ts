/**
 * Through which date the calendar is shut. Only a run moves that, to its own date. Whoever moves it back opens closed dates again; whoever moves it on
 * shuts dates that no run closes, whose entries are refused and settled by nobody.
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

/** The last date that is shut, as the calendar has it or as the runs have left it. */
export async function lastShutDate(db: Db): Promise<string | null> {
  const [shut, ofRuns] = [await readShutThrough(db), await lastDateOfRuns(db)];
  return shut === null || (ofRuns !== null && ofRuns > shut) ? ofRuns : shut;
}
