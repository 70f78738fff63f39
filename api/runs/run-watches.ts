/**
 * Runs that have followers. One poller for each run serves all its followers in this process, and stops when the last of them leaves. A slow follower gets the latest state and
 * misses those in between.
 */

import type { RunProgress } from '../../core/jobs/run-meter.js';
import { pause } from '../../infra/database.js';

const POLL_MS = 1_000;

interface Watch {
  latest: RunProgress | undefined;
  /** When the read of it began. */
  readAt: number;
  followers: number;
  readonly waiting: Set<() => void>;
}

export interface Following {
  /** The latest state; undefined until one is read after the follower has joined, so that nobody gets an older state. */
  readonly latest: () => RunProgress | undefined;
  /** Resolves at the next state, after `ms`, or when the signal aborts. */
  readonly next: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly leave: () => void;
}

export class RunWatches {
  private readonly watches = new Map<number, Watch>();

  constructor(private readonly read: (runId: number) => Promise<RunProgress | undefined>) {}

  follow(runId: number): Following {
    const watch = this.watches.get(runId) ?? this.start(runId);
    watch.followers += 1;
    const joinedAt = performance.now();
    return {
      latest: () => (watch.readAt >= joinedAt ? watch.latest : undefined),
      next: (ms, signal) => nextOf(watch, ms, signal),
      leave: () => {
        watch.followers -= 1;
      },
    };
  }

  private start(runId: number): Watch {
    const watch: Watch = { latest: undefined, readAt: 0, followers: 0, waiting: new Set() };
    this.watches.set(runId, watch);
    setImmediate(() => void this.poll(runId, watch)); // it begins after the first follower has joined
    return watch;
  }

  private async poll(runId: number, watch: Watch): Promise<void> {
    do {
      try {
        const readAt = performance.now();
        watch.latest = await this.read(runId);
        watch.readAt = readAt;
        for (const wake of [...watch.waiting]) wake();
      } catch {
        // the database is away: the followers keep their last state, and heartbeats keep their connections alive
      }
      await pause(POLL_MS);
    } while (watch.followers > 0);
    this.watches.delete(runId);
  }
}

async function nextOf(watch: Watch, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      watch.waiting.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    watch.waiting.add(wake);
    signal.addEventListener('abort', wake);
  });
}
