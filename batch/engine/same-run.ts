/**
 * Whether the run that a process works on is still the one that the database has. It may have been discarded or removed, a database may be
 * restored under the process, or a replica take over that lacks the last commits: then the run is gone, or its id and its plan are another's by now.
 */
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

/** The same for a run whose plan is known, in one query. */
export async function requireSamePlan(db: Db, { runId, job, key, plan }: Required<KnownRun>): Promise<void> {
  const planned = await findPlanOfRun(db, { runId, job, key }, plan.generation);
  if (!isSamePlan(plan, planned)) throw lost(runId, key);
}

const isSamePlan = (known: Required<KnownRun>['plan'], planned: Plan | undefined): boolean =>
  planned?.plannedBy === known.plannedBy && JSON.stringify(planned.parameters) === JSON.stringify(known.parameters);

const lost = (runId: number, key: string): MagamError => new MagamError('RUN_LOST', undefined, { runId, key });
