/** Work that outlasts a database that is away: restarted, failed over, or cutting connections. */
import { isTransient, withRetries } from '../../infra/database.js';

/** How long an execution bears with it. */
const OUTAGE_MS = 120_000;

/** Runs `work` again while it fails with errors that pass. Only for work that may be repeated: what it committed before, it must find. */
export const survivingOutage = <T>(work: () => Promise<T>): Promise<T> =>
  withRetries(work, { passes: isTransient, withinMs: OUTAGE_MS });
