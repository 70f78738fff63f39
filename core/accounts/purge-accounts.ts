/** Deletes what accounts leave behind: past windows of the limits, old history, sessions and tokens that expired long ago. */
import { type Db, inTransaction } from '../../infra/database.js';
import { purgeRateWindows } from '../../infra/stores/rate-window.js';
import { purgeRefreshTokens, purgeSessions } from './stores/account-session.js';
import { purgeLinks } from './stores/one-time-link.js';
import { purgeSignIns } from './stores/sign-in.js';

/** How long the history of sign-ins is kept. */
const HISTORY_DAYS = 180;
/** How long an expired session is kept, because its history may still be requested. */
const SESSION_KEPT_DAYS = 30;

/** Rows of one statement: few enough that no sign-in waits for it. */
const BATCH_ROWS = 500;
/** Statements of each kind per call; the rest waits for the next call. */
const BATCHES_MAX = 20;

export interface PurgedAccounts {
  readonly rateWindows: number;
  readonly signIns: number;
  readonly sessions: number;
  readonly refreshTokens: number;
  readonly links: number;
}

/** May run anywhere and at any time; two at once do no harm. */
export async function purgeAccountLeftovers(db: Db): Promise<PurgedAccounts> {
  return {
    rateWindows: await inBatches(() => purgeRateWindows(db, BATCH_ROWS)),
    signIns: await inBatches(() => purgeSignIns(db, HISTORY_DAYS, BATCH_ROWS)),
    sessions: await inBatches(() => inTransaction(db, (tx) => purgeSessions(tx, SESSION_KEPT_DAYS, BATCH_ROWS))),
    refreshTokens: await inBatches(() => purgeRefreshTokens(db, BATCH_ROWS)),
    links: await inBatches(() => purgeLinks(db, BATCH_ROWS)),
  };
}

async function inBatches(purge: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const purged = await purge();
    total += purged;
    if (purged < BATCH_ROWS) break;
  }
  return total;
}
