/**
 * Runs that somebody follows. One poller a run serves all its followers in this process, and ends with the last of them. Whoever is
 * slow is told the latest state and skips those between.
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
  /** The latest state; undefined until one is read after the joining, so that nobody is told what was true before. */
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
    setImmediate(() => void this.poll(runId, watch)); // after whoever starts it has joined
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
        // the database is away: the followers keep what they know, and their connection lives on heartbeats
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
