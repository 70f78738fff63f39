/** Work that outlasts a database that is away: restarted, failed over, cutting connections, locked, or taking no writes. */
import { MagamError } from '../kernel/errors.js';
import { withRetries } from './database.js';
import { asMagamError, isDeadlock, isOutage, type OutageCode } from './database-errors.js';

/** What keeps the work from going on, and for how many milliseconds more it is tried again. */
export interface Outage {
  readonly code: OutageCode;
  readonly leftMs: number;
}

export interface OutagePatience {
  /** Milliseconds from the first try after which the error is thrown. */
  readonly outageMs: number;
  /** Aborted: the process is told to stop, and nobody waits any longer. */
  readonly signal: AbortSignal;
  /** Told of each try that an outage has ended, and with undefined when the work has got through after one. */
  readonly onOutage?: ((outage: Outage | undefined) => void) | undefined;
}

/** Runs `work` again while it fails with errors that pass. Only for work that may be repeated: what it committed before, it must find. */
export async function survivingOutage<T>(
  { outageMs, signal, onOutage }: OutagePatience,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  const result = await withRetries(work, {
    passes: isOutage,
    withinMs: outageMs,
    unless: () => signal.aborted,
    onFailure: (error, leftMs) => {
      const known = asMagamError(error);
      if (onOutage === undefined || isDeadlock(error) || !(known instanceof MagamError)) return; // a deadlock passes at once
      told = true;
      onOutage({ code: known.code as OutageCode, leftMs });
    },
  });
  if (told) onOutage?.(undefined);
  return result;
}
