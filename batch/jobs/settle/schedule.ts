/**
 * The schedule: from MAGAM_SETTLE_AT on, yesterday is due if it has entries, and every earlier date that has some and is still open. The leader
 * asks for the earliest of them by a row; the next becomes due when that is closed, so missed days are caught up in order.
 *
 * A closed date is closed for good, so one without entries waits for a person's word: it is closed with the next one that has some, or
 * when a person has said from which date on every date is to be closed.
 */

import { earliestUnsettled, readScheduleFrom, readShutThrough } from '../../../core/feed/stores/calendar.js';
import { type ExecutionParameters, lastRequestAgeMs, requestExecution } from '../../../core/jobs/stores/execution.js';
import type { ClosingOptions } from '../../../core/settlement/closable-date.js';
import { ensureSettlementRun, findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import type { Config } from '../../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { readPlatformTime } from '../../../infra/platform-time.js';
import { addDays } from '../../../kernel/business-date.js';

/** A failed run is asked for again after this long. */
const RETRY_MS = 15 * 60_000;

/** Asks for the earliest due date that nobody has asked for. Returns it, or undefined when there is nothing to ask for. */
export async function requestDueDate(
  { db, config }: { readonly db: Db; readonly config: Config },
  fence: (tx: Tx) => Promise<boolean>,
  parameters: ExecutionParameters,
): Promise<string | undefined> {
  const now = await readPlatformTime(db, config.timeZone);
  const due = await earliestDue(db, dueThrough(now, config.settleAt));
  if (due === undefined) return undefined;
  const { date, options } = due;
  return inTransaction(db, async (tx) => {
    if (!(await fence(tx))) return undefined;
    const known = await findSettlementRun(tx, date);
    if (known !== undefined && known.status !== 'REQUESTED' && known.status !== 'FAILED') return undefined;
    const run = await ensureSettlementRun(tx, date, 'REQUESTED');
    const age = await lastRequestAgeMs(tx, run.runId);
    if (age !== undefined && (run.status === 'REQUESTED' || age < RETRY_MS)) return undefined;
    await requestExecution(tx, run.runId, { ...parameters, options });
    return date;
  });
}

/** The last date that is due: yesterday once the time of day has come, the day before until then. */
const dueThrough = (now: { date: string; time: string }, settleAt: string): string =>
  addDays(now.date, now.time >= settleAt ? -1 : -2);

/** The earliest date up to `through` with unsettled entries, or `through` itself while it is open and a person wants empty dates closed. */
async function earliestDue(db: Db, through: string): Promise<{ date: string; options: ClosingOptions } | undefined> {
  const from = await readScheduleFrom(db);
  const date = await earliestUnsettled(db, from, through);
  if (date !== undefined) return { date, options: {} };
  if (from === null || from > through) return undefined;
  const shutThrough = await readShutThrough(db);
  const open = shutThrough === null || shutThrough < through;
  return open ? { date: through, options: { allowEmpty: true } } : undefined;
}
