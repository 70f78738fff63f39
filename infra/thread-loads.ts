/** Which threads of a pool have loaded. Ending a thread that is still loading can crash Node: with 64 threads about one process in ten did. */
import type { Piscina } from 'piscina';
import { pause } from './database.js';

/** How long threads may still load before they are ended (ms). */
const LOADING_MS = 10_000;

/** Called by a thread when it has made itself ready. `loaded` is that of the pool's `ThreadLoads`. */
export function tellLoaded(loaded: SharedArrayBuffer): void {
  setImmediate(() => Atomics.add(new Int32Array(loaded), 0, 1)); // after Node has loaded the module
}

export class ThreadLoads {
  /** Counts the threads that have loaded; to be given to each. */
  readonly loaded = new SharedArrayBuffer(4);
  private ended = 0;

  /** Call it before the first thread of the pool can end. */
  watch(pool: Piscina): void {
    pool.on('error', () => undefined); // a thread died between tasks; piscina starts another
    pool.on('workerDestroy', () => {
      this.ended += 1;
    });
  }

  /** Ends the threads of the pool, when they have loaded. */
  async end(pool: Piscina): Promise<void> {
    const loaded = new Int32Array(this.loaded);
    const overdue = performance.now() + LOADING_MS;
    while (Atomics.load(loaded, 0) < this.ended + pool.threads.length && performance.now() < overdue) await pause(5);
    await pool.destroy();
  }
}
