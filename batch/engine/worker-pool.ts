/** The worker threads: piscina with one task a thread, a heap limit, and slots on the shared board. */
import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Config } from '../../infra/config.js';
import { silenceWithin } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { ThreadLoads } from '../../infra/thread-loads.js';
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

/** The entry of the threads, wherever this file runs from: as a source in a test, compiled or bundled. */
const WORKER_FILE = new URL(
  import.meta.url.replace(/\/(dist\/bundle|(dist\/)?batch\/engine)\/[^/]*$/, '/dist/bundle/worker.js'),
);

type Slotted<T> = Omit<T, 'shared' | 'slot'>;

/** Threads, and the seats in them: a slot of a board each. Those who share them come by their rank, and of one rank in the order in which they were lent the threads. */
class Threads {
  private begun: Piscina | undefined;
  readonly freeSeats: number[];
  private readonly loads = new ThreadLoads();
  private sharers: { readonly pool: WorkerPool; readonly rank: string }[] = [];
  /** Those who wait for a seat. */
  private waiting: { readonly by: WorkerPool; readonly resolve: () => void }[] = [];

  constructor(
    readonly workers: number,
    private readonly settings: Omit<ThreadSettings, 'loaded'>,
    private readonly workerFile: URL,
  ) {
    this.freeSeats = Array.from({ length: workers }, (_, seat) => seat);
  }

  /** The threads, which begin when this is first read. */
  get pool(): Piscina {
    this.begun ??= this.begin();
    return this.begun;
  }

  private begin(): Piscina {
    const pool = new Piscina({
      filename: this.workerFile.href,
      // More than there are processors begin when there is work for them.
      minThreads: Math.min(this.workers, availableParallelism()),
      maxThreads: this.workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      maxQueue: 'auto',
      atomics: 'disabled', // 'sync' would freeze a thread's event loop, and its connection, between tasks
      workerData: { ...this.settings, loaded: this.loads.loaded } satisfies ThreadSettings,
      // A young generation that holds a whole chunk spares the collector from copying it about: a quarter of the CPU time.
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 48 },
    });
    this.loads.watch(pool);
    return pool;
  }

  /** Nobody works in them. */
  get idle(): boolean {
    return this.freeSeats.length === this.workers;
  }

  async lend<T>(work: (pool: WorkerPool) => Promise<T>, rank: string, atOnce: boolean): Promise<T> {
    if (atOnce) void this.pool;
    const pool = new WorkerPool(this);
    const before = this.sharers.filter((it) => it.rank <= rank);
    this.sharers.splice(before.length, 0, { pool, rank });
    try {
      return await work(pool);
    } finally {
      this.sharers = this.sharers.filter((it) => it.pool !== pool);
      this.tellWaiting();
    }
  }

  /** Whether the sharer may take a seat: there is one, and none of those before it has more work than seats. */
  hasSeatFor(pool: WorkerPool): boolean {
    if (this.freeSeats.length === 0) return false;
    const place = this.sharers.findIndex((it) => it.pool === pool);
    return !this.sharers.slice(0, Math.max(0, place)).some((before) => before.pool.wantsSeats);
  }

  seatFor(pool: WorkerPool): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ by: pool, resolve });
      this.tellWaiting();
    });
  }

  tellWaiting(): void {
    const told = this.waiting.filter(({ by }) => this.hasSeatFor(by));
    this.waiting = this.waiting.filter(({ by }) => !this.hasSeatFor(by));
    for (const { resolve } of told) resolve();
  }

  async close(): Promise<void> {
    if (this.begun !== undefined) await this.loads.end(this.begun);
  }
}

/** Threads as an execution has them: with a board of its own. */
export class WorkerPool {
  readonly board: SharedBoard;
  private wants = true;
  /** One for all who wait. */
  private nextSeat: Promise<void> | undefined;

  constructor(private readonly threads: Threads) {
    this.board = SharedBoard.forWorkers(threads.workers);
  }

  get workers(): number {
    return this.threads.workers;
  }

  /** Whether it has more work than seats; until it says otherwise it has. Those who come after it take no seat meanwhile. */
  get wantsSeats(): boolean {
    return this.wants;
  }
  set wantsSeats(wants: boolean) {
    this.wants = wants;
    this.threads.tellWaiting();
  }

  /** A seat to be left again, for `runPartition`. */
  takeSeat(): number | undefined {
    return this.threads.hasSeatFor(this) ? this.threads.freeSeats.pop() : undefined;
  }
  leaveSeat(seat: number): void {
    this.threads.freeSeats.push(seat);
    this.threads.tellWaiting();
  }
  /** Resolves when `takeSeat` may give one. */
  seatFree(): Promise<void> {
    this.nextSeat ??= this.threads.seatFor(this).finally(() => {
      this.nextSeat = undefined;
    });
    return this.nextSeat;
  }

  /** Runs a partition in the thread of a seat, and leaves it. A thread that dies, or is ended through `signal`, is an outcome like any other. */
  async runPartition(task: Slotted<PartitionTask>, seat: number, signal: AbortSignal): Promise<PartitionOutcome> {
    try {
      return (await this.run({ ...task, slot: seat }, { signal })) as PartitionOutcome;
    } catch (error) {
      const message = signal.aborted
        ? 'the thread made no progress within the chunk deadline and was ended'
        : errorText(error);
      return {
        status: 'failed',
        ...noCounts(),
        error: { code: 'WORKER_DIED', message, final: false, passes: false },
      };
    } finally {
      this.leaveSeat(seat);
    }
  }

  /** Runs a piece of a reading job in a free thread, and waits until one is free. An error in the thread is thrown here. */
  async runScan(scan: string, input: unknown): Promise<unknown> {
    const task: Slotted<ScanTask> = { kind: 'scan', scan, input };
    let seat = this.takeSeat();
    for (; seat === undefined; seat = this.takeSeat()) await this.seatFree();
    const outcome = (await this.inSeat(seat, task)) as ScanOutcome;
    if ('error' in outcome) throw revived(outcome.error);
    return outcome.value;
  }

  /** Seats a free thread in a shared view. Ends when the other end of the port is closed, or with what failed in the thread. */
  async runView(reader: string, input: unknown, port: MessagePort): Promise<WorkerError | undefined> {
    const task: Slotted<ViewTask> = { kind: 'view', reader, input, port };
    const seat = this.takeSeat();
    if (seat === undefined) throw new Error('no worker is free');
    return (await this.inSeat(seat, task, { transferList: [port] })) as WorkerError | undefined;
  }

  private async inSeat(seat: number, task: object, options: Parameters<Piscina['run']>[1] = {}): Promise<unknown> {
    try {
      return await this.run({ ...task, slot: seat }, options);
    } finally {
      this.leaveSeat(seat);
    }
  }

  private run(task: object, options: Parameters<Piscina['run']>[1]): Promise<unknown> {
    return this.threads.pool.run({ ...task, shared: this.board.memory }, options);
  }
}

/** Where executions get their threads from. */
export interface ThreadLender {
  /**
   * Lends threads, with a clean board, for as long as `work` takes. Of those who share threads the one with the lower rank (as texts compare) comes first.
   * @param atOnce they start now if they do not run yet, which is the default; otherwise with the first piece of work
   */
  readonly lend: <T>(
    workers: number,
    work: (pool: WorkerPool) => Promise<T>,
    rank?: string,
    atOnce?: boolean,
  ) => Promise<T>;
}

/** The threads of a process. Executions have theirs to themselves, unless they were told to share. */
export class WorkerPools implements ThreadLender {
  private readonly started: Threads[] = [];
  private readonly idle = new Set<Threads>();

  constructor(
    private readonly config: Config,
    private readonly databaseUrl: string,
    private readonly workerFile = WORKER_FILE,
  ) {}

  lend<T>(workers: number, work: (pool: WorkerPool) => Promise<T>, rank?: string, atOnce?: boolean): Promise<T> {
    return this.share(workers, (lender) => lender.lend(workers, work, rank, atOnce));
  }

  /** Lends threads to several executions at once. */
  async share<T>(workers: number, work: (lender: ThreadLender) => Promise<T>): Promise<T> {
    const threads = [...this.idle].find((it) => it.workers === workers) ?? this.start(workers);
    this.idle.delete(threads);
    try {
      return await work({
        lend: (_workers, use, rank = '', atOnce = true) => threads.lend(use, rank, atOnce),
      });
    } finally {
      // Threads that still work for somebody are not lent to the next.
      if (threads.idle) this.idle.add(threads);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.started.map((threads) => threads.close()));
  }

  private start(workers: number): Threads {
    // Silent for most of a lease: the server rolls a frozen holder's transaction back before others take over.
    const silenceSeconds = silenceWithin(this.config.leaseMs);
    const { config, databaseUrl } = this;
    const threads = new Threads(workers, { config, databaseUrl, silenceSeconds }, this.workerFile);
    this.started.push(threads);
    return threads;
  }
}
