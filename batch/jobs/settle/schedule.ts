/**
 * The schedule: from MAGAM_SETTLE_AT on, yesterday is due, and every earlier date that is still open. The leader asks for
 * the earliest of them by a row; the next becomes due when that is closed, so missed days are caught up in order.
 */

import { readShutThrough, unsettledDatesBefore } from '../../../core/feed/stores/calendar.js';
import { type ExecutionParameters, lastRequestAgeMs, requestExecution } from '../../../core/jobs/stores/execution.js';
import { ensureSettlementRun, findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import type { Config } from '../../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { nowIn } from '../../../infra/time-zone.js';
import { addDays } from '../../../kernel/business-date.js';

/** A failed run is asked for again after this long. */
const RETRY_MS = 15 * 60_000;

/** Asks for the earliest due date that nobody has asked for. Returns it, or undefined when there is nothing to ask for. */
export async function requestDueDate(
  { db, config }: { readonly db: Db; readonly config: Config },
  fence: (tx: Tx) => Promise<boolean>,
  parameters: ExecutionParameters,
): Promise<string | undefined> {
  const date = await earliestDue(db, dueThrough(nowIn(config.timeZone), config.settleAt));
  if (date === undefined) return undefined;
  return inTransaction(db, async (tx) => {
    if (!(await fence(tx))) return undefined;
    const known = await findSettlementRun(tx, date);
    if (known !== undefined && known.status !== 'REQUESTED' && known.status !== 'FAILED') return undefined;
    const run = await ensureSettlementRun(tx, date, 'REQUESTED');
    const age = await lastRequestAgeMs(tx, run.runId);
    if (age !== undefined && (run.status === 'REQUESTED' || age < RETRY_MS)) return undefined;
    await requestExecution(tx, run.runId, parameters);
    return date;
  });
}

/** The last date that is due: yesterday once the time of day has come, the day before until then. */
const dueThrough = (now: { date: string; time: string }, settleAt: string): string =>
  addDays(now.date, now.time >= settleAt ? -1 : -2);

/** The earliest date up to `through` with unsettled entries, or `through` itself while it is open: it closes empty. */
async function earliestDue(db: Db, through: string): Promise<string | undefined> {
  const [unsettled] = await unsettledDatesBefore(db, addDays(through, 1));
  if (unsettled !== undefined) return unsettled;
  const shutThrough = await readShutThrough(db);
  return shutThrough === null || shutThrough < through ? through : undefined;
}
