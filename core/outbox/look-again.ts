/** Scans the rows for events that must be tried again, and for events whose hint was lost. Needs no Redis. */
import { type Db, inTransaction } from '../../infra/database.js';
import { isLockConflict } from '../../infra/database-errors.js';
import { type ConsumeContext, consume } from './consume.js';
import type { Consumer } from './consumer.js';
import { follow } from './rules/follow.js';
import { moveCursor, readConsumers } from './stores/outbox-consumer.js';
import { countShared, readFollowing } from './stores/outbox-event.js';
import { deleteDoneAttempts, readDue } from './stores/outbox-inbox.js';

const DUE_MAX = 100;
const DUE_BATCHES = 100;
const PAGE = 1_000;

export interface LookBounds {
  readonly forgottenMs?: number;
  readonly passedMs?: number;
}

/** Handles a consumer's events that are due again and those whose hint was lost, and moves its cursor on. @returns how many it handled */
export async function lookAgain(context: ConsumeContext, consumer: Consumer, bounds: LookBounds = {}): Promise<number> {
  const { db, signal } = context;
  let done = await tryAgain(context, consumer);
  const record = (await readConsumers(db)).find(({ name }) => name === consumer.name);
  if (record === undefined) return done;
  const { name, types } = record;
  let cursor = record.doneThrough;
  let moving = true;
  for (let after = cursor; !signal.aborted; ) {
    const page = await readFollowing(db, { consumer: name, types, after }, PAGE);
    const { forgotten, through, passed } = follow(after, page, bounds);
    done += await consume(context, consumer, forgotten, true);
    if (moving && passed > 0 && (await passCursor(db, name, cursor, through, passed))) cursor = through;
    // The next scan passes the events that were done just now.
    moving &&= cursor === through && passed === page.length;
    after = page.at(-1)?.eventId ?? after;
    if (page.length < PAGE) break;
  }
  return done;
}

/** Handles the events that are due, batch by batch. Those that fail again are due later. */
async function tryAgain(context: ConsumeContext, consumer: Consumer): Promise<number> {
  const { db, signal } = context;
  let done = 0;
  for (let batch = 0; batch < DUE_BATCHES && !signal.aborted; batch += 1) {
    const due = await readDue(db, consumer.name, DUE_MAX);
    if (due.length === 0) break;
    await deleteDoneAttempts(db, consumer.name, due); // a slow process has done it after all
    done += await consume(context, consumer, due);
    if (due.length < DUE_MAX) break;
  }
  return done;
}

/**
 * Moves the cursor past events that were checked, unless another event with an id between theirs was not committed when they were read. The lock
 * waits for a transaction that is about to commit; a longer one leaves the cursor where it is.
 */
const passCursor = (db: Db, name: string, after: number, through: number, passed: number): Promise<boolean> =>
  inTransaction(
    db,
    async (tx) => {
      if ((await countShared(tx, after, through)) !== passed) return false;
      await moveCursor(tx, name, through);
      return true;
    },
    1,
  ).catch((error: unknown) => {
    if (isLockConflict(error)) return false;
    throw error;
  });
