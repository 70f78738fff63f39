/**
 * Reading in several threads as if one had read: each thread and the caller open a snapshot of their own, and go on only when all of them show
 * the same state. Nothing is locked, so a run that is worked on meanwhile is not held up.
 *
 * Why the snapshots are one view: the reader's `stateOf` changes with every commit that changes what it reads; for the results of a run that is
 * `readRunState` of `core/jobs`. Between two snapshots with equal states there is no such commit. When the states differ, somebody
 * committed while the snapshots were being opened, and all of them are opened again.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Db, inSnapshot, pause } from '../../infra/database.js';
import { faultPoint, stands } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import type { JobContext, OpenReader, ViewReader } from './job.js';
import { revived, type ViewQuestion, type WorkerError } from './protocol.js';
import type { WorkerPool } from './worker-pool.js';

/** Milliseconds after which opening one view is given up. A run's chunks are far enough apart for a few milliseconds between two of them. */
const OPENING_MS = 60_000;
/** How often the progress of the threads is read from the shared board, ms. */
const PROGRESS_MS = 200;

type Context = Pick<JobContext, 'db' | 'pools' | 'signal' | 'onProgress'>;

export interface ViewRequest<Input, Piece, Result, Sum> {
  readonly reader: ViewReader<Input, Piece, Result, Sum>;
  /** Plain data, as are pieces, results and sums. */
  readonly input: Input;
  /** Threads. If there are none, the caller's own thread reads. */
  readonly workers: number;
}

/** What was read: a result for each piece, in the order of the pieces, and what each thread has summed up over its pieces. */
export interface ViewAnswers<Result, Sum> {
  readonly results: readonly Result[];
  readonly sums: readonly Sum[];
}

export interface SharedView<Piece, Result, Sum> {
  /** The caller's own snapshot. */
  readonly snapshot: Db;
  /** Reads the pieces, each in the thread that is free next. */
  readonly read: (pieces: readonly Piece[]) => Promise<ViewAnswers<Result, Sum>>;
}

/** Well below the shortest silence that a server is told to end a session for (1 s). */
const KEEP_ALIVE_MS = 400;

/** Opens the view and lends it to `use`. Throws DATABASE_BUSY when for a minute every attempt met a commit. */
export async function inSharedView<Input, Piece, Result, Sum, T>(
  context: Context,
  request: ViewRequest<Input, Piece, Result, Sum>,
  use: (view: SharedView<Piece, Result, Sum>) => Promise<T>,
): Promise<T> {
  const { pools, signal, onProgress } = context;
  const { reader, input, workers } = request;
  if (workers === 0) {
    const readHere = (snapshot: Db) => inThisThread(context, snapshot, request);
    return openView(context, request, [], readHere, use);
  }
  return pools.lend(workers, async (pool) => {
    const seats = Array.from({ length: workers }, () => new Seat<Piece, Result, Sum>(pool, reader.name, input));
    const stop = (): void => pool.board.requestStop();
    signal.addEventListener('abort', stop);
    const timer = setInterval(() => onProgress(pool.board.entries()), PROGRESS_MS);
    try {
      await Promise.all(seats.map((seat) => seat.ready));
      return await openView(context, request, seats, (snapshot) => inSeats(seats, snapshot), use);
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', stop);
      stop();
      await Promise.all(seats.map((seat) => seat.leave()));
    }
  });
}

const OTHER_STATE = Symbol('somebody committed between two snapshots');

async function openView<Input, Piece, Result, Sum, T>(
  { db, signal }: Context,
  { reader, input }: ViewRequest<Input, Piece, Result, Sum>,
  seats: readonly Seat<Piece, Result, Sum>[],
  readIn: (snapshot: Db) => SharedView<Piece, Result, Sum>['read'],
  use: (view: SharedView<Piece, Result, Sum>) => Promise<T>,
): Promise<T> {
  for (const startedAt = performance.now(); ; ) {
    const outcome = await inSnapshot(
      db,
      async (snapshot) => {
        const own = await reader.stateOf(snapshot, input);
        await faultPoint('view.opening');
        const others = await Promise.all(seats.map((seat) => seat.open()));
        if (others.some((state) => state !== own) && stands('view.state')) return OTHER_STATE;
        return use({ snapshot, read: readIn(snapshot) });
      },
      signal,
    );
    if (outcome !== OTHER_STATE) return outcome;
    if (performance.now() - startedAt > OPENING_MS)
      throw new MagamError(
        'DATABASE_BUSY',
        'Commits came between every two snapshots for a minute; try again when fewer processes work on it.',
      );
    await pause(Math.random() * 20);
  }
}

/**
 * Each thread takes one piece after the other. The snapshot of the main thread is at rest meanwhile; the server would end it for its silence, so
 * a word is said over it now and then.
 */
const inSeats =
  <Piece, Result, Sum>(
    seats: readonly Seat<Piece, Result, Sum>[],
    snapshot: Db,
  ): SharedView<Piece, Result, Sum>['read'] =>
  async (pieces) => {
    const timer = setInterval(() => void snapshot.raw('DO 0').catch(() => undefined), KEEP_ALIVE_MS);
    try {
      return await inTurn(seats, pieces);
    } finally {
      clearInterval(timer);
    }
  };

async function inTurn<Piece, Result, Sum>(
  seats: readonly Seat<Piece, Result, Sum>[],
  pieces: readonly Piece[],
): Promise<{ results: Result[]; sums: Sum[] }> {
  const results: Result[] = [];
  let next = 0;
  const work = async (seat: Seat<Piece, Result, Sum>): Promise<Sum> => {
    while (next < pieces.length) {
      const at = next++;
      results[at] = await seat.read(pieces[at] as Piece);
    }
    return seat.sum();
  };
  return { sums: await Promise.all(seats.map(work)), results };
}

const inThisThread =
  <Input, Piece, Result, Sum>(
    { signal, onProgress }: Context,
    snapshot: Db,
    { reader, input }: ViewRequest<Input, Piece, Result, Sum>,
  ): SharedView<Piece, Result, Sum>['read'] =>
  async (pieces) => {
    let done = 0;
    const { read, sum }: OpenReader<Piece, Result, Sum> = await reader.open(snapshot, input, (entries) => {
      signal.throwIfAborted();
      done += entries;
      onProgress(done);
    });
    const results: Result[] = [];
    for (const piece of pieces) results.push(await read(piece));
    return { results, sums: [sum()] };
  };

/** A thread that keeps its snapshot from one question to the next. */
class Seat<Piece, Result, Sum> {
  /** The thread is loaded and listens. */
  readonly ready: Promise<unknown>;
  private readonly port: MessagePort;
  private readonly task: Promise<WorkerError | undefined>;

  constructor(pool: WorkerPool, reader: string, input: unknown) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.task = pool.runView(reader, input, port2);
    this.ready = this.reply();
    this.ready.catch(() => undefined); // it is awaited together with the others, and one of them may fail first
  }

  /** Opens a snapshot, or another one; returns its state. */
  open = (): Promise<string> => this.ask({ kind: 'open' }) as Promise<string>;
  read = (piece: Piece): Promise<Result> => this.ask({ kind: 'read', piece }) as Promise<Result>;
  sum = (): Promise<Sum> => this.ask({ kind: 'sum' }) as Promise<Sum>;

  /** Ends the thread's task, and waits for the end: after it the thread may be lent again. */
  async leave(): Promise<void> {
    this.port.close();
    await this.task.catch(() => undefined);
  }

  private ask(question: ViewQuestion): Promise<unknown> {
    this.port.postMessage(question);
    return this.reply();
  }

  /** The next reply; fails when the thread ends instead: with its error, or because it died or ran out of memory. */
  private reply(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.port.once('message', resolve);
      this.task.then(
        (error) => reject(error === undefined ? new Error('the thread has left the view') : revived(error)),
        reject,
      );
    });
  }
}
