/**
 * Worker threads that outlive the commands of `magam.ts`: loading them costs more than most of what the tests have them do. A command with another
 * configuration, or of another database, has others. Real processes and runners have their own, as ever.
 */
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { openPoolsBy } from '../../cli/threads.js';

/** Of different configurations; the one that was used longest ago is closed for another. */
const KEPT_MAX = 3;
const kept = new Map<string, WorkerPools>();
let former: ReturnType<typeof openPoolsBy> | undefined;

/** From now on, commands in this process share threads. */
export function keepThreads(): void {
  former = openPoolsBy((config, databaseUrl) => {
    const key = JSON.stringify([config, databaseUrl]);
    const pools = kept.get(key) ?? new WorkerPools(config, databaseUrl);
    kept.delete(key);
    kept.set(key, pools);
    return {
      lend: (workers, work) => pools.lend(workers, work),
      share: (workers, work) => pools.share(workers, work),
      close: closeOldest,
    };
  });
}

async function closeOldest(): Promise<void> {
  const [oldest] = kept;
  if (kept.size <= KEPT_MAX || oldest === undefined) return;
  kept.delete(oldest[0]);
  await oldest[1].close();
}

/** Ends the threads that are kept; from now on, commands have their own. */
export async function closeThreads(): Promise<void> {
  if (former !== undefined) openPoolsBy(former);
  const pools = [...kept.values()];
  kept.clear();
  await Promise.all(pools.map((each) => each.close()));
}
