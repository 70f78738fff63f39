/** When a provider that gave no answer is asked again. */
const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;

/** The pause after so many tries without an answer (ms): 5 s, 10 s, 20 s … 10 min. */
export const pauseAfter = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 16));
