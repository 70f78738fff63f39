/** When a provider that gave no answer is asked again. */
const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;

/** Pauses so long that a try before them is certainly over follow this many tries. */
const TRIES_UNDER_ONE_KEY = 7;

/**
 * The idempotency key of a cancellation's next try. Tries that follow each other closely have the same one, so that it is carried out once. A provider that has
 * refused gives the same answer under the same key for days, so a later try, before which it was looked up that none was carried out, has one of its own.
 */
export const cancelKey = (reference: string, cancelId: number, triesSoFar: number): string =>
  `${reference}-${cancelId}${triesSoFar < TRIES_UNDER_ONE_KEY ? '' : `-${triesSoFar}`}`;

/** The pause after so many tries without an answer (ms): 5 s, 10 s, 20 s … 10 min. */
export const pauseAfter = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 16));
