/** The worker threads: piscina with one task a thread, a heap limit, and slots on the shared board. */
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Config } from '../../infra/config.js';
import { errorText, pause, silenceWithin } from '../../infra/database.js';
import {
  noCounts,
  type PartitionOutcome,
  type PartitionTask,
  revived,
  type ScanOutcome,
  type ScanTask,
  SharedBoard,
  type ThreadSettings,
  type ViewTask,
  type WorkerError,
} from './protocol.js';

/** Heap of a thread in MiB: a runaway thread dies alone. */
const HEAP_MB = 256;

/** How long threads that are to be ended may load (ms). */
const LOADING_MS = 10_000;

/** The entry of the threads, wherever this file runs from: as a source in a test, compiled or bundled. */
const WORKER_FILE = new URL(
  import.meta.url.replace(/\/(dist\/bundle|(dist\/)?batch\/engine)\/[^/]*$/, '/dist/bundle/worker.js'),
);

type Slotted<T> = Omit<T, 'shared' | 'slot'>;

export class WorkerPool {
  private current: SharedBoard;
  private readonly pool: Piscina;
  private readonly freeSlots: number[];
  private readonly loaded = new SharedArrayBuffer(4);
  private ended = 0;
  /** Those who wait for a free slot. */
  private readonly waiting: (() => void)[] = [];

  constructor(
    readonly workers: number,
    settings: Omit<ThreadSettings, 'loaded'>,
    workerFile: URL,
  ) {
    this.current = SharedBoard.forWorkers(workers);
    this.freeSlots = Array.from({ length: workers }, (_, slot) => slot);
    this.pool = new Piscina({
      filename: workerFile.href,
      // More than there are processors begin when there is work for them.
      minThreads: Math.min(workers, availableParallelism()),
      maxThreads: workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      maxQueue: 'auto',
      atomics: 'disabled', // 'sync' would freeze a thread's event loop, and its connection, between tasks
      workerData: { ...settings, loaded: this.loaded } satisfies ThreadSettings,
      // A young generation that holds a whole chunk spares the collector from copying it about: a quarter of the CPU time.
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 48 },
    });
    this.pool.on('error', () => undefined); // a thread died between tasks; piscina starts another
    this.pool.on('workerDestroy', () => {
      this.ended += 1;
    });
  }

  /** The board of the execution in hand. */
  get board(): SharedBoard {
    return this.current;
  }

  /** A clean board for the next execution; the threads and their connections stay. */
  renewBoard(): void {
    this.current = SharedBoard.forWorkers(this.workers);
  }

  get idleWorkers(): number {
    return this.freeSlots.length;
  }

  /** Runs a partition in a free thread. A thread that dies, or is ended through `signal`, is an outcome like any other. */
  async runPartition(
    task: Slotted<PartitionTask>,
    signal: AbortSignal,
    onSlot: (slot: number) => void,
  ): Promise<PartitionOutcome> {
    return this.inSlot(async (slot) => {
      onSlot(slot);
      try {
        return (await this.pool.run({ ...task, shared: this.board.memory, slot }, { signal })) as PartitionOutcome;
      } catch (error) {
        const message = signal.aborted
          ? 'the thread made no progress within the chunk deadline and was ended'
          : errorText(error);
        return {
          status: 'failed',
          ...noCounts(),
          error: { code: 'WORKER_DIED', message, final: false, passes: false },
        };
      }
    });
  }

  /** Runs a piece of a reading job in a free thread; waits for one. What goes wrong there is thrown here. */
  async runScan(scan: string, input: unknown): Promise<unknown> {
    while (this.freeSlots.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    const task: Slotted<ScanTask> = { kind: 'scan', scan, input };
    const run = (slot: number): Promise<ScanOutcome> => this.pool.run({ ...task, shared: this.board.memory, slot });
    const outcome = await this.inSlot(run);
    if ('error' in outcome) throw revived(outcome.error);
    return outcome.value;
  }

  /** Seats a free thread in a shared view. Ends when the other end of the port is closed, or with what failed in the thread. */
  async runView(reader: string, input: unknown, port: MessagePort): Promise<WorkerError | undefined> {
    const task: Slotted<ViewTask> = { kind: 'view', reader, input, port };
    return this.inSlot((slot) => this.pool.run({ ...task, shared: this.board.memory, slot }, { transferList: [port] }));
  }

  /** Ends the threads. Ending a thread that is still loading can crash Node: with 64 threads about one run in ten did. */
  async close(): Promise<void> {
    const loaded = new Int32Array(this.loaded);
    const overdue = performance.now() + LOADING_MS;
    while (Atomics.load(loaded, 0) < this.ended + this.pool.threads.length && performance.now() < overdue)
      await pause(5);
    await this.pool.destroy();
  }

  private async inSlot<T>(work: (slot: number) => Promise<T>): Promise<T> {
    const slot = this.freeSlots.pop();
    if (slot === undefined) throw new Error('no worker is free');
    try {
      return await work(slot);
    } finally {
      this.freeSlots.push(slot);
      this.waiting.shift()?.();
    }
  }
}

/** The pools of a process. No two executions share one, so that each has its threads and its board to itself. */
export class WorkerPools {
  private readonly pools: WorkerPool[] = [];
  private readonly idle = new Set<WorkerPool>();

  constructor(
    private readonly config: Config,
    private readonly databaseUrl: string,
    private readonly workerFile = WORKER_FILE,
  ) {}

  /** Lends a pool with so many workers, and a clean board, for as long as `work` takes. Its threads start at once if they do not run yet. */
  async lend<T>(workers: number, work: (pool: WorkerPool) => Promise<T>): Promise<T> {
    const pool = [...this.idle].find((it) => it.workers === workers) ?? this.start(workers);
    this.idle.delete(pool);
    pool.renewBoard();
    try {
      return await work(pool);
    } finally {
      // Threads that still work for somebody are not lent to the next.
      if (pool.idleWorkers === pool.workers) this.idle.add(pool);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.pools.map((pool) => pool.close()));
  }

  private start(workers: number): WorkerPool {
    // Silent for most of a lease: the server rolls a frozen holder's transaction back before others take over.
    const silenceSeconds = silenceWithin(this.config.leaseMs);
    const { config, databaseUrl } = this;
    const pool = new WorkerPool(workers, { config, databaseUrl, silenceSeconds }, this.workerFile);
    this.pools.push(pool);
    return pool;
  }
}
