/**
 * Whether the run that a process works on is still the one that the database has. It may have been discarded or removed, a database may be
 * restored under the process, or a replica take over that lacks the last commits: then the run is gone, or its id and its plan are another's by now.
 */
import { beat } from '../../core/jobs/stores/execution.js';
import { findPlan, findPlanOfRun, type Plan } from '../../core/jobs/stores/plan.js';
import { findRunById, type Run } from '../../core/jobs/stores/run.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';

/** What a process remembers of a run, and of its plan once there is one. */
export interface KnownRun extends Pick<Run, 'runId' | 'job' | 'key'> {
  readonly plan?: Pick<Plan, 'generation' | 'parameters' | 'plannedBy'>;
}

/** The run as it is now. Throws RUN_LOST when it is not the one that is known. */
export async function requireSameRun(db: Db, { runId, job, key, plan }: KnownRun, lock = false): Promise<Run> {
  const run = await findRunById(db, runId, lock);
  if (run?.job !== job || run.key !== key) throw lost(runId, key);
  if (plan !== undefined && !isSamePlan(plan, await findPlan(db, runId, plan.generation))) throw lost(runId, key);
  return run;
}

/**
 * Whether the plan that an execution works under is still the one of the run. False: it was given up, and the execution goes on with the one that
 * took its place. Throws RUN_LOST when the run is not the one that is known, and when the execution was given up for dead: a person may have discarded
 * the run since, and it must not be planned anew by who was frozen meanwhile.
 */
export async function planStands(
  db: Db,
  { runId, job, key, plan }: Required<KnownRun>,
  executionId: number,
): Promise<boolean> {
  if (isSamePlan(plan, await findPlanOfRun(db, { runId, job, key }, plan.generation))) return true;
  const { generation } = await requireSameRun(db, { runId, job, key });
  if (generation !== plan.generation || !(await beat(db, executionId)).counted) throw lost(runId, key);
  return false;
}

const isSamePlan = (known: Required<KnownRun>['plan'], planned: Plan | undefined): boolean =>
  planned?.plannedBy === known.plannedBy && JSON.stringify(planned.parameters) === JSON.stringify(known.parameters);

const lost = (runId: number, key: string): MagamError => new MagamError('RUN_LOST', undefined, { runId, key });
