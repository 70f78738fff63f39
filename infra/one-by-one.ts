/** The same work for many rows, each on its own: one that fails keeps no other from its turn. */
import { isOutage } from './database.js';

/** A row that the work failed for. */
export interface Failed {
  readonly id: number;
  readonly error: unknown;
}

/** Does the work for one row after the other. A database that is away ends it. @returns for how many the work returned true, and those that failed */
export async function oneByOne(
  ids: Iterable<number>,
  work: (id: number) => Promise<boolean>,
): Promise<{ readonly done: number; readonly failed: readonly Failed[] }> {
  const failed: Failed[] = [];
  let done = 0;
  for (const id of ids) {
    try {
      if (await work(id)) done += 1;
    } catch (error) {
      if (isOutage(error)) throw error;
      failed.push({ id, error });
    }
  }
  return { done, failed };
}

/** How much a batch may deal with, and what it leaves out because it failed before. */
export interface BatchBounds {
  readonly rowsMax: number;
  readonly except?: readonly number[];
}
