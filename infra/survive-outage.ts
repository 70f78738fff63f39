/** Work that survives an outage of the database: a restart, a failover, cut connections, locks, or a time without writes. */
import { MagamError } from '../kernel/errors.js';
import { withRetries } from './database.js';
import { asMagamError, isDeadlock, isOutage, type OutageCode } from './database-errors.js';

/** The error that holds up the work, and for how many milliseconds more it is tried again. */
export interface Outage {
  readonly code: OutageCode;
  readonly leftMs: number;
}

/** What people read about an outage. */
export const outageWords: Readonly<Record<OutageCode, string>> = {
  DATABASE_UNAVAILABLE: 'database away',
  DATABASE_BUSY: 'database busy',
  DATABASE_READ_ONLY: 'database takes no writes',
  DATABASE_FULL: 'database full',
};

export interface OutagePatience {
  /** Milliseconds from the first try after which the error is thrown. */
  readonly outageMs: number;
  /** Aborted when the process is told to stop, which ends the wait. */
  readonly signal: AbortSignal;
  /** Called for each try that fails because of an outage, and with undefined when the work has succeeded after one. */
  readonly onOutage?: ((outage: Outage | undefined) => void) | undefined;
}

/** Runs `work` again while it fails with errors that pass. Only for work that may be repeated: it must find its own earlier commits. */
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
