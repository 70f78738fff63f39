/** Work that outlasts a database that is away: restarted, failed over, or cutting connections. */
import { isConnectionLost, isLockConflict, pause } from '../../infra/database.js';
import { monotonicMs } from './protocol.js';

/** How long an execution bears with a database that is away. */
export const OUTAGE_MS = 120_000;
const PAUSE_MS = 300;

/**
 * Runs `work` again while connections are lost or rows stay locked. Only for work that may be repeated: what it committed
 * before, it must find.
 */
export async function survivingOutage<T>(work: () => Promise<T>): Promise<T> {
  for (const until = monotonicMs() + OUTAGE_MS; ; ) {
    try {
      return await work();
    } catch (error) {
      if ((!isConnectionLost(error) && !isLockConflict(error)) || monotonicMs() > until) throw error;
      await pause(PAUSE_MS);
    }
  }
}
