/**
 * A transaction that moves a fence, carried to a known end: committed, or given up because somebody else holds the work.
 * Lock conflicts do it over; a lost connection asks the database, under a lock, what became of it.
 */
import { type Db, inTransaction, isConnectionLost, isLockConflict, pause, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { monotonicMs } from './protocol.js';

const CONFLICT_TRIES = 6;

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
export async function commitFenced(work: FencedCommit): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryOnce(work);
    } catch (error) {
      if (isLockConflict(error)) {
        if (attempt >= CONFLICT_TRIES) throw error;
        await pause(Math.random() * 40 * 2 ** attempt);
      } else if (isConnectionLost(error)) {
        const outcome = await askUntilKnown(work, error);
        if (outcome !== 'not-committed') return outcome === 'committed';
      } else throw error;
    }
  }
}

async function tryOnce({ db, withinLease, write }: FencedCommit): Promise<boolean> {
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

/** Asks until the database answers; gives up with the first error when our lease is over, for then others decide. */
async function askUntilKnown(
  { db, withinLease, outcome }: FencedCommit,
  lost: unknown,
): Promise<'committed' | 'not-committed' | 'lost'> {
  for (;;) {
    try {
      return await inTransaction(db, outcome);
    } catch (error) {
      if (!isConnectionLost(error) && !isLockConflict(error)) throw error;
      if (monotonicMs() >= withinLease()) throw lost;
      await pause(100 + Math.random() * 200);
    }
  }
}
