/**
 * A transaction that moves a fence, carried to a known end: committed, or given up because somebody else holds the work.
 * Lock conflicts do it over; a lost connection asks the database, under a lock, what became of it.
 */
import { type Db, inTransaction, type Tx, withRetries } from '../../infra/database.js';
import { isConnectionLost, isLockConflict, isTransient } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { monotonicMs } from './protocol.js';

const TRIES = 6;

/** Passes within moments. A server that takes no writes is waited for by the main thread, with the partition given back. */
const isQuick = (error: unknown): boolean => isLockConflict(error) || isConnectionLost(error);

export interface FencedCommit {
  readonly db: Db;
  /** Until when, on the monotonic clock, the lease surely lasts. */
  readonly withinLease: () => number;
  /** Moves the fence first, then writes; false when the fence did not move. */
  readonly write: (tx: Tx) => Promise<boolean>;
  /** After a lost connection: what became of the transaction. */
  readonly outcome: (tx: Tx) => Promise<'committed' | 'not-committed' | 'lost'>;
}

/** @returns true when it is committed, false when the work belongs to somebody else */
export const commitFenced = (work: FencedCommit): Promise<boolean> =>
  withRetries(() => tryOnce(work), { passes: isQuick, tries: TRIES });

async function tryOnce(work: FencedCommit): Promise<boolean> {
  try {
    return await transact(work);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
    const outcome = await askUntilKnown(work);
    if (outcome === 'not-committed') throw error; // tried again
    return outcome === 'committed';
  }
}

async function transact({ db, withinLease, write }: FencedCommit): Promise<boolean> {
  if (monotonicMs() >= withinLease()) return false;
  const tx = await db.transaction();
  try {
    if (tx.isCompleted()) await tx.executionPromise; // knex hands out the transaction also when BEGIN failed
    const moved = await write(tx);
    if (!moved || monotonicMs() >= withinLease()) {
      await tx.rollback();
      return false;
    }
    await faultPoint('chunk.commit');
    await tx.commit(); // knex resolves this also when COMMIT failed; only the next promise tells
    await tx.executionPromise;
    return true;
  } catch (error) {
    await tx.rollback().catch(() => undefined); // the server has rolled back already where the connection is gone
    throw error;
  }
}

/** Asks until the database answers, at most until our lease is over, for then others decide. */
const askUntilKnown = ({ db, withinLease, outcome }: FencedCommit): ReturnType<FencedCommit['outcome']> =>
  withRetries(() => inTransaction(db, outcome), { passes: isTransient, unless: () => monotonicMs() >= withinLease() });
