/** The threads that read the blocks of a file. They start with the first block that is given to them: a small file needs none. */
import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { faultSetting } from '../../../infra/faults.js';
import { ThreadLoads } from '../../../infra/thread-loads.js';
import { MagamError } from '../../../kernel/errors.js';
import type { BlockFailure, BlockLayout, BlockRows } from './block-reader.js';
import type { FileBlock } from './file-blocks.js';
import { findRepeats, type Repeat } from './repeated-keys.js';

/** More would only wait: the rest of the work is the database's and one thread's. */
const THREADS_MAX = 4;
/** Heap of a thread in MiB. It holds a block; a thread that takes more dies alone. */
const HEAP_MB = 192;
/** With a young generation that holds much of a block the garbage collector copies less. */
const YOUNG_MB = 32;

/** The entry of the threads, wherever this file runs from: as a source in a test, compiled or bundled. */
const THREAD_FILE = new URL(
  import.meta.url.replace(/\/(dist\/bundle|(dist\/)?core\/feed\/import)\/[^/]*$/, '/dist/bundle/import-thread.js'),
);

/** What a thread is started with. */
export interface ThreadSettings {
  readonly layout: BlockLayout;
  readonly fault: string | null;
  /** Counts the threads that have loaded. */
  readonly loaded: SharedArrayBuffer;
}

export type ThreadTask =
  | { readonly task: 'read'; readonly block: FileBlock }
  | { readonly task: 'repeats'; readonly records: string };

export interface TaskBegun {
  /** Called when the thread begins the task. */
  readonly begun: MessagePort;
}

export class BlockThreads {
  readonly size = Math.min(THREADS_MAX, availableParallelism());
  private readonly loads = new ThreadLoads();
  private pool: Piscina | undefined;

  /** @param deadlineMs how long a thread may take for one block, from when it begins with it */
  constructor(
    private readonly layout: BlockLayout,
    private readonly deadlineMs: number,
    private readonly threadFile = THREAD_FILE,
  ) {}

  /** Reads a block; its memory is handed over to the thread. Throws WORKER_DIED. */
  read(block: FileBlock): Promise<BlockRows | BlockFailure> {
    return this.run({ task: 'read', block }, [block.bytes.buffer]);
  }

  /** Throws WORKER_DIED. */
  async findRepeats(records: string): Promise<readonly Repeat[]> {
    return this.pool === undefined ? findRepeats(records) : this.run({ task: 'repeats', records });
  }

  async close(): Promise<void> {
    if (this.pool !== undefined) await this.loads.end(this.pool);
  }

  private async run<T>(task: ThreadTask, transferList: ArrayBuffer[] = []): Promise<T> {
    this.pool ??= this.start();
    const { port1, port2: begun } = new MessageChannel();
    const overdue = new AbortController();
    const { signal } = overdue;
    let timer: NodeJS.Timeout | undefined;
    port1.once('message', () => {
      timer = setTimeout(() => overdue.abort(), this.deadlineMs);
    });
    try {
      return await this.pool.run({ ...task, begun }, { transferList: [...transferList, begun], signal });
    } catch (error) {
      const reason = signal.aborted
        ? `made no progress within ${this.deadlineMs} ms and was ended`
        : `ended: ${error instanceof Error ? error.message : String(error)}`;
      throw new MagamError('WORKER_DIED', `A thread that reads the file ${reason}. Type the same command again.`);
    } finally {
      clearTimeout(timer);
      port1.close();
    }
  }

  private start(): Piscina {
    const { layout, loads, size } = this;
    const pool = new Piscina({
      filename: this.threadFile.href,
      minThreads: 1,
      maxThreads: size,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled', // 'sync' would freeze a thread's event loop between tasks
      workerData: { layout, loaded: loads.loaded, fault: faultSetting() } satisfies ThreadSettings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    loads.watch(pool);
    return pool;
  }
}
