/**
 * Keeps the leases of the partitions that this process works, from the main thread: a renewal is sent only while the worker
 * shows progress within the chunk deadline; a worker that does not is ended. The worker's own limit is the monotonic instant at which the
 * last successful renewal was sent, plus the lease, less a margin.
 */

import { type Fence, renewLease } from '../../core/jobs/stores/partition.js';
import { answeringWithin, type Db } from '../../infra/database.js';
import { monotonicMs, type SharedBoard } from './protocol.js';

export interface LeaseSettings {
  readonly leaseMs: number;
  readonly chunkDeadlineMs: number;
}

interface Held {
  readonly fences: readonly Fence[];
  readonly slot: number;
  readonly abort: AbortController;
  ticks: number;
  tickedAt: number;
  renewing: boolean;
}

/** A claim is known by the first of its partitions. */
const keyOf = ([first]: readonly Fence[]): number | undefined => first?.partitionId;

export class LeaseKeeper {
  private readonly held = new Map<number | undefined, Held>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly db: Db,
    private readonly board: SharedBoard,
    private readonly settings: LeaseSettings,
  ) {
    this.timer = setInterval(() => this.renewAll(), settings.leaseMs / 5);
  }

  /** The limit that a lease gives whose claim or renewal was sent at `sentMs`. */
  limitFrom = (sentMs: number): number => sentMs + this.settings.leaseMs * 0.9;

  /** Takes over the lease of the partitions of a claim, which are worked in `slot`. */
  hold(fences: readonly Fence[], slot: number, sentMs: number, abort: AbortController): void {
    this.board.setLimit(slot, this.limitFrom(sentMs));
    this.held.set(keyOf(fences), {
      fences,
      slot,
      abort,
      ticks: this.board.ticksOf(slot),
      tickedAt: monotonicMs(),
      renewing: false,
    });
  }

  letGo(fences: readonly Fence[]): void {
    this.held.delete(keyOf(fences));
  }

  close(): void {
    clearInterval(this.timer);
  }

  private renewAll(): void {
    for (const held of this.held.values()) {
      const ticks = this.board.ticksOf(held.slot);
      const now = monotonicMs();
      if (ticks !== held.ticks) {
        held.ticks = ticks;
        held.tickedAt = now;
      }
      if (now - held.tickedAt > this.settings.chunkDeadlineMs) held.abort.abort();
      else if (!held.renewing) void this.renew(held);
    }
  }

  /** A renewal waits for the chunk's transaction, which holds the row; one that fails leaves the worker's limit where it is. */
  private async renew(held: Held): Promise<void> {
    held.renewing = true;
    const sent = monotonicMs();
    try {
      const { leaseMs } = this.settings;
      const ours = await renewLease(answeringWithin(this.db, leaseMs / 1_000), held.fences, leaseMs);
      if (this.held.get(keyOf(held.fences)) === held) this.board.setLimit(held.slot, ours ? this.limitFrom(sent) : 0);
    } catch {
      // The database is away or the row is locked: the limit decides.
    } finally {
      held.renewing = false;
    }
  }
}
