/** The same work for many rows, each on its own: a failure does not hold up the others. */
import { isLockConflict, isOutage } from './database-errors.js';

/** After this many locked rows in succession the work ends, because more than single rows are locked. */
const LOCKED_MAX = 3;

/** A row for which the work failed. */
export interface Failed {
  readonly id: number;
  readonly error: unknown;
}

/**
 * Does the work for one row after the other. A database that is away ends it, and so do three rows in succession that others have locked. @returns for how many
 * the work returned true, and those that failed
 */
export async function oneByOne(
  ids: Iterable<number>,
  work: (id: number) => Promise<boolean>,
): Promise<{ readonly done: number; readonly failed: readonly Failed[] }> {
  const failed: Failed[] = [];
  let done = 0;
  let locked = 0;
  for (const id of ids) {
    try {
      if (await work(id)) done += 1;
      locked = 0;
    } catch (error) {
      locked = isLockConflict(error) ? locked + 1 : 0;
      if (locked === LOCKED_MAX || (locked === 0 && isOutage(error))) throw error;
      failed.push({ id, error });
    }
  }
  return { done, failed };
}

/** The size of a batch, and the rows that it leaves out because they failed before. */
export interface BatchBounds {
  readonly rowsMax: number;
  readonly except?: readonly number[];
}
