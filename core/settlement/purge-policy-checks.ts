/** Removes the lines of policy checks that were kept long enough. */
import type { Db } from '../../infra/database.js';
import { deleteCheckLines, findOldChecks } from './stores/policy-check-line.js';

const KEPT_DAYS = 30;

/** May run anywhere and at any time; two at once do no harm. Returns how many checks had lines to remove. */
export async function purgePolicyChecks(db: Db): Promise<number> {
  const checks = await findOldChecks(db, KEPT_DAYS);
  for (const taskId of checks) while ((await deleteCheckLines(db, taskId)) > 0);
  return checks.length;
}
