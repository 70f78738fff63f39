/**
 * The schedule: from MAGAM_SETTLE_AT on, yesterday is due if it has entries, and every earlier date that has some and is still open. The leader
 * requests the earliest of them by a row; the next becomes due when that is closed, so missed days are settled in order.
 *
 * A close is final, so a date without entries waits for a person: it is closed with the next one that has some, or
 * when a person has told the schedule from which date to close every date.
 */

import { type ExecutionParameters, lastRequestAgeMs, requestExecution } from '../../../core/jobs/stores/execution.js';
import { earliestDue } from '../../../core/settlement/due-date.js';
import { ensureSettlementRun, findSettlementRun } from '../../../core/settlement/stores/settlement-run.js';
import type { Config } from '../../../infra/config.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import type { Scheduled } from '../../engine/job.js';

/** A failed run is requested again after this long. */
const RETRY_MS = 15 * 60_000;

/** Requests the earliest due date without a request, or reports that it waits for a person. */
export async function requestDueDate(
  { db, config }: { readonly db: Db; readonly config: Config },
  fence: (tx: Tx) => Promise<boolean>,
  parameters: ExecutionParameters,
): Promise<Scheduled> {
  const due = await earliestDue(db, config);
  if (due === undefined) return {};
  const { date, options } = due;
  return inTransaction(db, async (tx) => {
    if (!(await fence(tx))) return {};
    const known = await findSettlementRun(tx, date);
    if (known?.status === 'STOPPED') return { waitsFor: date };
    if (known !== undefined && known.status !== 'REQUESTED' && known.status !== 'FAILED') return {};
    const run = await ensureSettlementRun(tx, date, 'REQUESTED');
    const age = await lastRequestAgeMs(tx, run.runId, 'EARLIER_DATE_OPEN'); // for which it is no longer due
    if (age !== undefined && (run.status === 'REQUESTED' || age < RETRY_MS)) return {};
    await requestExecution(tx, run.runId, { ...parameters, options });
    return { asked: date };
  });
}
