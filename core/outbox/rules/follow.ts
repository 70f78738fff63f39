/** What the look at the events after a consumer's cursor comes to. */

/** An event after the cursor. */
export interface Following {
  readonly eventId: number;
  /** The consumer wants it, and has neither done nor tried it. */
  readonly missing: boolean;
  /** Since it was written (ms). */
  readonly ageMs: number;
}

/** After so long an event that nobody has taken is given to its consumer again (ms). */
const FORGOTTEN_MS = 30_000;

/**
 * The cursor passes only what is older (ms). Between the moment in which the database gives out an id and the one in which the row can be seen to be locked lies a
 * part of one INSERT; what else could still commit a lower id is found by a lock (`countShared`).
 */
const PASSED_MS = 60_000;

/** The events that were forgotten, and how far the cursor may go: past the first events of the page that need no look any more. */
export function follow(
  cursor: number,
  page: readonly Following[],
  { forgottenMs = FORGOTTEN_MS, passedMs = PASSED_MS } = {},
): { readonly forgotten: readonly number[]; readonly through: number; readonly passed: number } {
  const forgotten = page.filter(({ missing, ageMs }) => missing && ageMs >= forgottenMs).map(({ eventId }) => eventId);
  const stop = page.findIndex(({ missing, ageMs }) => missing || ageMs < passedMs);
  const passed = stop === -1 ? page.length : stop;
  return { forgotten, through: page[passed - 1]?.eventId ?? cursor, passed };
}
