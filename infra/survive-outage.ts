/** Work that outlasts a database that is away: restarted, failed over, cutting connections, locked, or taking no writes. */
import { withRetries } from './database.js';
import { isTransient } from './database-errors.js';

export interface OutagePatience {
  /** Milliseconds from the first try after which the error is thrown. */
  readonly outageMs: number;
  /** Aborted: the process is told to stop, and nobody waits any longer. */
  readonly signal: AbortSignal;
}

/** Runs `work` again while it fails with errors that pass. Only for work that may be repeated: what it committed before, it must find. */
export const survivingOutage = <T>({ outageMs, signal }: OutagePatience, work: () => Promise<T>): Promise<T> =>
  withRetries(work, { passes: isTransient, withinMs: outageMs, unless: () => signal.aborted });
