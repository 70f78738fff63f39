/**
 * Group commit: calls that wait for the same thing at the same moment are carried out in one transaction, each with its own outcome. One group of a
 * kind is under way at a time; calls that come meanwhile are in the next one. So a single call does not wait for others, and a rush
 * pays for one commit instead of hundreds.
 *
 * Claims of idempotency keys and the kept answers are in the same transaction as the work. They are used to look up an outcome that a broken connection has
 * left unknown.
 */
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { MagamError, type Refusal } from '../kernel/errors.js';
import { type Db, type Tx, withRetries } from './database.js';
import { isConnectionLost, isDeadlock, isLockConflict, isOutage, isTransient } from './database-errors.js';
import { faultPoint } from './faults.js';
import { type Carried, carryOut, KeysLocked, type Member, type MemberOutcome, waitingForLocks } from './group-work.js';
import { isKept } from './stores/idempotency-key.js';

export interface GroupOptions<Input, Value> {
  /**
   * Does the work of all members in the transaction. @returns the outcome of each, in their order. A refusal must have left nothing behind in the
   * transaction. An error rolls the whole group back; then each member is tried alone. `afterCommit` takes the work after the commit, once for the
   * group and before anybody is answered; it must not fail, and does no harm where nothing was committed.
   */
  readonly work: (
    tx: Tx,
    inputs: readonly Input[],
    afterCommit: (next: () => Promise<void>) => void,
  ) => Promise<readonly (Value | Refusal)[]>;
  /** The most members of one group. */
  readonly membersMax?: number;
  /** The most members that wait for a group of the same kind; one more is refused (TOO_MANY_WAITING). */
  readonly waitingMax?: number;
}

const MEMBERS_MAX = 64;
const WAITING_MAX = 1_000;
/** Tries of a group that met a deadlock or lost its connection. */
const TRIES = 4;
/** Seconds that a group, and a member that is tried alone after its group has failed, wait for a row lock. */
const GROUP_LOCK_SECONDS = 3;
const ALONE_LOCK_SECONDS = 1;
/** After this many members in succession met a lock, it is taken to block all of them. */
const LOCKED_MAX = 3;
/** How long the outcome of a commit is looked up (ms). */
const ASKING_MS = 15_000;

interface Waiting<Input, Value> extends Member<Input, Value> {
  readonly resolve: (outcome: MemberOutcome<Value>) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls of one kind of work, in groups. */
export class GroupCommit<Input, Value> {
  private readonly queues = new Map<string, Waiting<Input, Value>[]>();
  private readonly membersMax: number;
  private readonly waitingMax: number;
  /** Groups belong to none of their calls, so their log lines do not have the id of a call. */
  private readonly soon = AsyncResource.bind((next: () => void): void => void setImmediate(next));

  constructor(
    private readonly db: Db,
    private readonly options: GroupOptions<Input, Value>,
  ) {
    this.membersMax = options.membersMax ?? MEMBERS_MAX;
    this.waitingMax = options.waitingMax ?? WAITING_MAX;
  }

  /**
   * Carries out the member with those that wait under the same group key. @returns its committed outcome; a refusal is a value. Throws
   * TOO_MANY_WAITING, and the errors of the work. DATABASE_UNAVAILABLE may mean that it is unknown whether it was committed: a call under an
   * idempotency key can safely be repeated.
   */
  join(groupKey: string, member: Member<Input, Value>): Promise<MemberOutcome<Value>> {
    const queue = this.queues.get(groupKey) ?? this.openQueue(groupKey);
    if (queue.length >= this.waitingMax) return Promise.reject(new MagamError('TOO_MANY_WAITING'));
    return new Promise((resolve, reject) => queue.push({ ...member, resolve, reject }));
  }

  private openQueue(groupKey: string): Waiting<Input, Value>[] {
    const queue: Waiting<Input, Value>[] = [];
    this.queues.set(groupKey, queue);
    this.soon(() => void this.empty(groupKey, queue)); // those of the same turn of the event loop come together
    return queue;
  }

  private async empty(groupKey: string, queue: Waiting<Input, Value>[]): Promise<void> {
    while (queue.length > 0) await this.settle(queue.splice(0, this.membersMax));
    this.queues.delete(groupKey);
  }

  /** Gives every member its outcome; never throws. */
  private async settle(members: readonly Waiting<Input, Value>[]): Promise<void> {
    if (members.length === 1) return this.settleEach(members, GROUP_LOCK_SECONDS);
    try {
      const outcomes = await this.commit(members, GROUP_LOCK_SECONDS);
      for (const [i, { resolve }] of members.entries()) resolve(outcomes[i] as MemberOutcome<Value>);
    } catch (error) {
      if (isOutage(error) && !isLockConflict(error)) for (const { reject } of members) reject(error);
      else await this.settleEach(members, ALONE_LOCK_SECONDS);
    }
  }

  /** One transaction for each, so that the failure of one does not affect the others. */
  private async settleEach(members: readonly Waiting<Input, Value>[], lockSeconds: number): Promise<void> {
    let locked = 0;
    for (const member of members) {
      if (locked >= LOCKED_MAX) {
        member.reject(new MagamError('DATABASE_BUSY'));
        continue;
      }
      try {
        const [outcome] = await this.commit([member], lockSeconds);
        member.resolve(outcome as MemberOutcome<Value>);
        locked = 0;
      } catch (error) {
        if (error instanceof KeysLocked) member.resolve({ outcome: 'in-flight' });
        else member.reject(error);
        locked = error instanceof KeysLocked || isLockConflict(error) ? locked + 1 : 0;
      }
    }
  }

  /** Carries out the members in one transaction, to a known end. */
  private commit(members: readonly Member<Input, Value>[], lockSeconds: number): Promise<MemberOutcome<Value>[]> {
    const progress = { begun: false };
    return withRetries(() => this.commitOnce(members, lockSeconds, progress), {
      passes: (error) => isDeadlock(error) || (progress.begun && isConnectionLost(error)),
      tries: TRIES,
    });
  }

  private async commitOnce(
    members: readonly Member<Input, Value>[],
    lockSeconds: number,
    progress: { begun: boolean },
  ): Promise<MemberOutcome<Value>[]> {
    const owner = randomUUID();
    const afterwards: (() => Promise<void>)[] = [];
    const work = (tx: Tx, inputs: readonly Input[]) =>
      this.options.work(tx, inputs, (next) => void afterwards.push(next));
    let carried: Carried<Value> | undefined;
    try {
      await this.db.transaction(async (tx) => {
        progress.begun = true;
        const done = await waitingForLocks(tx, lockSeconds, () => carryOut(tx, owner, members, work));
        await faultPoint('group.before-commit');
        carried = done;
      });
    } catch (error) {
      // Before the last statement was done the transaction cannot have been committed.
      if (carried === undefined || !isConnectionLost(error)) throw error;
      if (!(await this.isCommitted(carried))) throw error;
    } finally {
      // Called even where it is unknown whether it was committed.
      if (carried !== undefined) for (const next of afterwards) await next();
    }
    await faultPoint('group.committed');
    return (carried as Carried<Value>).outcomes;
  }

  /** Looks up the outcome of a COMMIT whose answer was lost. Throws DATABASE_UNAVAILABLE where it cannot be found out. */
  private async isCommitted({ proof }: Carried<Value>): Promise<boolean> {
    if (proof === undefined) return true; // nothing was written
    try {
      return await withRetries(() => isKept(this.db, proof), { passes: isTransient, withinMs: ASKING_MS });
    } catch {
      throw new MagamError('DATABASE_UNAVAILABLE', 'Nobody can tell whether the call was carried out.');
    }
  }
}
