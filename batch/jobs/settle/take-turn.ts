/**
 * Dates that are settled at once. A date may be opened, planned, and its sales settled while dates before it are being settled. What needs these
 * waits for its turn, which comes when all of them are closed: its refunds, which reverse the lines of their sales, and its certificate.
 *
 * Its plan froze the policies before its turn. Where they have changed since, the plan is made again, so that each date is settled under the
 * policies that it would have had if it had begun after the previous date.
 */
import { closingDateBefore } from '../../../core/feed/stores/calendar.js';
import { confirmPlan, findPlan, isPlannedAhead } from '../../../core/jobs/stores/plan.js';
import { findRunById, type Run } from '../../../core/jobs/stores/run.js';
import { readPolicyRevision } from '../../../core/policies/stores/fee-policy.js';
import { requireEarlierClosed } from '../../../core/settlement/closable-date.js';
import { removeOpenGeneration } from '../../../core/settlement/discard-run.js';
import type { SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { type Db, forWholeDates, inTransaction, type Tx } from '../../../infra/database.js';
import { faultPoint, stands } from '../../../infra/faults.js';
import { MagamError } from '../../../kernel/errors.js';
import type { JobCall, Turn } from '../../engine/job.js';

/** Whether the date's turn has come; `plan-anew` where its plan was given up for that. No earlier date opens again, so its turn comes once. */
export async function takeTurn(db: Db, run: Run): Promise<Turn> {
  if (run.generation > 1) return 'come';
  if ((await closingDateBefore(db, run.key)) !== undefined && stands('turn')) return 'wait';
  if (!(await isPlannedAhead(db, run.runId, run.generation))) return 'come';
  await faultPoint('run.turn');
  return inTransaction(db, (tx) => confirmOrGiveUp(tx, run));
}

async function confirmOrGiveUp(tx: Tx, run: Run): Promise<Turn> {
  const { runId, generation } = run;
  await findRunById(tx, runId, true);
  const plan = await findPlan(tx, runId, generation);
  if (plan === undefined || !(await isPlannedAhead(tx, runId, generation))) return 'come'; // somebody else was faster
  const { policyRevision } = plan.parameters as SettlePlanParameters;
  if (policyRevision === (await readPolicyRevision(tx))) {
    await confirmPlan(tx, runId, generation);
    return 'come';
  }
  await removeOpenGeneration(forWholeDates(tx), run);
  return 'plan-anew';
}

/** Call it in the transaction that closes the date. Throws `EARLIER_DATE_OPEN`. */
export async function requireTurn(tx: Tx, { runId, key: date, generation }: Run): Promise<void> {
  if (generation > 1) return;
  await requireEarlierClosed(tx, date);
  if (await isPlannedAhead(tx, runId, generation)) throw new Error(`the plan of ${date} was not confirmed`);
}

/**
 * A date may be begun ahead only while an earlier one is being settled; otherwise throws `EARLIER_DATE_OPEN`. Without this check a supplement could be
 * begun ahead.
 */
export async function requireAhead(db: Db, { request }: JobCall): Promise<void> {
  if (request.ahead === undefined || (await closingDateBefore(db, request.key)) !== undefined) return;
  throw new MagamError('EARLIER_DATE_OPEN', `No date before ${request.key} is being settled; it waits for its turn.`);
}
