/** When a provider that gave no answer is asked again. */
const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;

/** The pause after so many tries without an answer (ms): 5 s, 10 s, 20 s … 10 min. */
export const pauseAfter = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 16));

/** When a payment is looked up again that ended without a charge: the provider may have charged it since, and nobody may have told (ms from one look to the next). */
const LATE_LOOKS_MS: readonly number[] = [10 * 60_000, 24 * 60 * 60_000];

/** The pause before the next late look, after so many of them (ms); null: there is none. */
export const pauseBeforeLateLook = (looks: number): number | null => LATE_LOOKS_MS[looks] ?? null;
