/**
 * Carries out duties: it reads which are due and carries out those whose lease it gets. The lease is renewed while the duty works, so that of several
 * processes one carries it out; when that one dies, the lease ends and another takes the duty, which is still due. The result of a duty is
 * recorded under the lease. A duty that fails or hangs does not hold up the others.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { dueDuties, recordFailure, recordSuccess, registerDuties } from '../../infra/stores/duty.js';
import { fenceLeadership, holdLeadership, resignLeadership } from '../../infra/stores/leader-lease.js';
import type { Duty, UpkeepContext } from './duty.js';

const POLL_MS = 1_000;
const OUTAGE_PAUSE_MS = 3_000;
/** A failed duty is tried again after this time. */
const RETRY_MS = 30_000;
/** A duty that takes longer is told to end; the rest is done next time. */
const LIMIT_MS = 10 * 60_000;
/** The part of a lease after which its holder no longer relies on it. */
const SAFE_PART = 0.9;

/** The work under way: the lease, and the signal that ends the work. */
interface Hold {
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** Ends the renewals; the taker gives the lease back. */
  readonly end: () => void;
}

/**
 * Carries out duties until the signal, and then ends the work in hand. It waits for a database that is away.
 * @param idle resolves at the next knock or after `ms`
 */
export async function runDuties<Context extends UpkeepContext>(
  context: Context,
  duties: readonly Duty<Context>[],
  idle: (ms: number) => Promise<void>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const { db, config, signal, log } = context;
  const owner = randomUUID();
  const inHand = new Map<string, Promise<void>>();
  const names = duties.map(({ name }) => name);
  let registered = false;
  while (!signal.aborted) {
    try {
      if (!registered) await registerDuties(db, names);
      registered = true;
      const due = new Set(await dueDuties(db, names));
      if (due.size > 0) await readPlatformTime(db, config.timeZone); // nothing is done with another clock or zone
      for (const duty of duties) {
        if (signal.aborted || !due.has(duty.name) || inHand.has(duty.name)) continue;
        const work = takeTurn(context, duty, owner, limitMs).catch((error: unknown) => {
          log('error', { duty: duty.name, error }, 'a duty could not be taken or ended');
        });
        inHand.set(duty.name, work);
        void work.finally(() => inHand.delete(duty.name));
      }
      await idle(POLL_MS);
    } catch (error) {
      log('error', { error }, 'duties could not be looked for');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
  await Promise.all(inHand.values());
}

/** Carries out a duty that is due, unless another process has its lease or has just carried it out. */
async function takeTurn<Context extends UpkeepContext>(
  context: Context,
  duty: Duty<Context>,
  owner: string,
  limitMs: number,
): Promise<void> {
  const { db, config } = context;
  const lease = leaseOf(duty.name);
  const takenAt = performance.now();
  const epoch = await holdLeadership(db, lease, owner, config.leaseMs);
  if (epoch === undefined) return;
  try {
    if ((await dueDuties(db, [duty.name])).length === 0) return;
    const hold = keepHold(context, { name: duty.name, owner, epoch }, takenAt, limitMs);
    await carryOut(context, duty, hold).finally(hold.end);
  } finally {
    await resignLeadership(db, lease, owner).catch(() => undefined); // it runs out
  }
}

const leaseOf = (name: string): string => `duty:${name}`;

async function carryOut<Context extends UpkeepContext>(
  context: Context,
  duty: Duty<Context>,
  hold: Hold,
): Promise<void> {
  const { db, log } = context;
  const { name, everyMs } = duty;
  const startedAt = performance.now();
  try {
    await faultPoint('duty.begun');
    const rows = await duty.run({ ...context, signal: hold.signal });
    hold.signal.throwIfAborted();
    await faultPoint('duty.before-record');
    const recorded = await underLease(db, hold, (tx) => recordSuccess(tx, name, everyMs, rows));
    const seconds = Math.round(performance.now() - startedAt) / 1_000;
    if (!recorded) log('warn', { duty: name }, 'duty lost to another process');
    else if (rows > 0) log('info', { duty: name, rows, seconds }, 'duty done');
  } catch (error) {
    if (context.signal.aborted) return; // the process has to stop; the duty is still due, and another process takes it
    log('error', { duty: name, error }, 'a duty failed and is tried again');
    const text = errorText(error);
    await underLease(db, hold, (tx) => recordFailure(tx, name, Math.min(everyMs, RETRY_MS), text));
  }
}

/** Writes unless another process has taken the lease meanwhile. False: another process has it, or the lease has ended. */
const underLease = (db: Db, { name, owner, epoch }: Hold, write: (tx: Tx) => Promise<void>): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    if (!(await fenceLeadership(tx, leaseOf(name), owner, epoch))) return false;
    await write(tx);
    return true;
  });

/** Renews the lease several times in its length. The work is told to end when the lease is lost, or after `limitMs`; then the lease is not renewed any more. */
function keepHold(
  { db, config, signal }: UpkeepContext,
  { name, owner, epoch }: Pick<Hold, 'name' | 'owner' | 'epoch'>,
  takenAt: number,
  limitMs: number,
): Hold {
  const lost = new AbortController();
  let heldSince = takenAt;
  let renewing = false;
  const end = (): void => clearInterval(timer);
  const giveUp = (why: string): void => {
    end();
    lost.abort(new Error(why));
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - takenAt > limitMs) giveUp(`it took longer than ${limitMs / 1_000} s`);
    else if (now - heldSince > config.leaseMs * SAFE_PART) giveUp('its lease could not be renewed');
    if (renewing || lost.signal.aborted) return;
    renewing = true;
    holdLeadership(db, leaseOf(name), owner, config.leaseMs)
      .then((held) => {
        if (held === epoch) heldSince = now;
        else giveUp('another process has taken it');
      })
      .catch(() => undefined) // the next renewal replaces it
      .finally(() => {
        renewing = false;
      });
  }, config.leaseMs / 5);
  return { name, owner, epoch, signal: AbortSignal.any([signal, lost.signal]), end };
}
