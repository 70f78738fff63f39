/**
 * What a job brings to the engine. A job has two sides: `Job` lives on the main thread and knows what a run is about, `ThreadJob` lives in
 * the worker threads and carries out one page after the other. Both have the same name. A new job is written in a folder of
 * `batch/jobs` and entered in `batch/jobs/threads.ts`, and in `batch/jobs/registry.ts` if runners carry it out by themselves; the engine needs no
 * change.
 *
 * The engine keeps what makes a run happen exactly once: requests, claims, fences, leases, chunks, stops, takeover, commits whose outcome
 * is unknown, history and progress. A job never moves a partition itself and never commits.
 *
 * The life of a run, and who is called when (`runJob` is the way in):
 *
 *     main thread                                          worker threads
 *     open      a door of the job's own; the run is RUNNING
 *     reopen    instead, where the run is completed
 *     plan      ranges of ids by partition and pass, frozen
 *                                                          begin   a partition's pass, where it stands
 *                                                          page    read and decide the entries behind an id
 *                                                          write   in the chunk's transaction, behind the fence
 *                                                          advance the chunk is committed
 *     turn      asked before a later pass and before the finish
 *     finish    what is left to do when all partitions are done, in one transaction that completes the run
 *
 * A job that only reads writes nothing in `write`; its pages are counted and its checkpoint is kept all the same, so it can be stopped and
 * resumed. Reading that needs no run goes to the threads in two ways: pieces that may each see another state (a dry run) with `WorkerPool.runScan`,
 * pieces that must all see the same state (a verification) with `inSharedView`.
 */
import type { ExecutionParameters } from '../../core/jobs/stores/execution.js';
import type { Partition, PartitionPass } from '../../core/jobs/stores/partition.js';
import type { IdRange, Plan } from '../../core/jobs/stores/plan.js';
import type { Run } from '../../core/jobs/stores/run.js';
import type { Config } from '../../infra/config.js';
import type { Db, Tx } from '../../infra/database.js';
import type { OutagePatience } from '../../infra/survive-outage.js';
import type { SharedBoard } from './protocol.js';
import type { ThreadLender } from './worker-pool.js';

/** What every execution on the main thread works with. */
export interface JobContext {
  readonly db: Db;
  readonly config: Config;
  /** The threads, started when they are first needed and kept for the next execution. */
  readonly pools: ThreadLender;
  /** When aborted: finish the current chunk and stop. If its reason is a MagamError, the execution fails with it; otherwise it was stopped. */
  readonly signal: AbortSignal;
  /** Entries done by this process, and of how many once that is known. */
  readonly onProgress: (done: number, total?: number) => void;
  /** Told while the database is away and work is tried again, and with undefined when it is back. */
  readonly onOutage?: OutagePatience['onOutage'];
}

/** One start of a run, by a command or by a runner. */
export interface JobRequest extends ExecutionParameters {
  readonly key: string;
  /** False: `RUN_HELD` instead of joining a run that somebody else works on. */
  readonly wait: boolean;
  /** What being told to stop means for the run when nobody else works on it: it is stopped, or left for others to go on with. A stop request always stops it. */
  readonly onStop: 'stop-run' | 'leave-run';
  /** A request that this process has taken, to be carried out as its execution. */
  readonly executionId?: number;
  /** The run is begun before its turn: while runs with earlier keys are under way. */
  readonly ahead?: Ahead;
}

export interface Ahead {
  /** Settles when the runs before it have ended in this process: time to look whether the turn has come. */
  readonly until: Promise<unknown>;
}

/** Whether it is the turn of a run that was begun ahead. `plan-anew`: it is, but its early plan was discarded, so it has to be planned again. */
export type Turn = 'wait' | 'come' | 'plan-anew';

/** An execution as its job sees it. */
export interface JobCall extends JobContext {
  readonly request: JobRequest;
  /** Tells the person a sentence at the end. */
  readonly notice: (sentence: string) => void;
}

export interface PlanDraft {
  /** It is made before the run's turn. */
  readonly ahead?: boolean;
  /** Frozen with the plan and given to the threads: plain data that survives JSON. */
  readonly parameters: object;
  /**
   * A list of partitions, each with a range of ids for each pass. The ids are the job's: those of a table that its pages read by key.
   * A partition begins with pass 0, even when that holds nothing; a later pass without entries is skipped.
   */
  readonly partitions: readonly (readonly IdRange[])[];
}

/** A partition as the finish sees it. */
export interface DonePartition extends Partition {
  readonly passes: readonly PartitionPass[];
}

/** Writes the job's results inside the transaction that completes the run. Throws to leave the run as it is. */
export type Completion = (
  tx: Tx,
  run: Run,
  partitions: readonly DonePartition[],
) => Promise<'COMPLETED' | 'COMPLETED_WITH_EXCEPTIONS'>;

/** A job as a command or a task starts it. */
export interface StartedJob {
  /** With the key it is the identity of a run. ASCII, at most 32 characters; never changed, for it is stored. */
  readonly name: string;
  /** What people call the key: `date`. */
  readonly keyName: string;
  /** A request waits while a run of this job with an earlier key is under way. Other jobs never wait for each other. */
  readonly keysInOrder: boolean;
  /** No partition begins a pass before all have ended the ones before it. */
  readonly passesWait: boolean;
  /** Neighbouring partitions that fit into a chunk together are done in one, in a run's first generation: `ThreadJob.together`. */
  readonly together?: boolean;
  /** Its plans have no partitions: all of its work is done in the finish, so no thread is started for it. */
  readonly allInFinish?: boolean;

  /**
   * Makes the run of `call.request.key` ready to be worked on, and returns it as it is then: RUNNING, or completed when somebody else was
   * faster. Undefined: there is nothing to do and there will be no run. `openRun` of `open-run.ts` is all that most jobs need.
   * May be called again after a lost connection, so it must find what it did before.
   */
  readonly open: (call: JobCall) => Promise<Run | undefined>;

  /** What starting a completed run means: the run in its next generation (`openNextGeneration`), or undefined when it is simply done. */
  readonly reopen: (call: JobCall, run: Run) => Promise<Run | undefined>;

  /** Plans the run's generation. Reads in the transaction that freezes the plan. */
  readonly plan: (tx: Tx, run: Run, gridSize: number) => Promise<PlanDraft>;

  /** Throws when this process must not work on a run with this plan, because a version with other rules made it. */
  readonly joins?: (run: Run, plan: Plan) => void;

  /**
   * Whether what needs the runs with earlier keys may begin: passes after the first, and the finish. It asks the database, and is asked by every
   * process that works on the run. Once it has come it does not go. Absent: it always has.
   */
  readonly turn?: (db: Db, run: Run) => Promise<Turn>;

  /** All partitions are done: reads what may be read before the last transaction, and returns what happens inside it. */
  readonly finish: (call: JobCall, run: Run, plan: Plan) => Promise<Completion>;
}

/** A job that runners carry out by themselves, too: when it is asked for, and when the process that worked on it has died. */
export interface Job extends StartedJob {
  readonly runner: RunnerSide;
}

/** The result of checking the schedule. */
export interface Scheduled {
  /** The key that was asked for. */
  readonly asked?: string;
  /** The key of a stopped run, which a person has to resume or to give up before the schedule goes on. */
  readonly waitsFor?: string;
}

/** A job in the runner's words. */
export interface RunnerSide {
  /** Messages of the log. */
  readonly words: {
    readonly started: string;
    readonly ended: string;
    readonly failed: string;
    readonly due: string;
    readonly blocked: string;
  };
  /** Throws what keeps this process from finishing runs of the job: it then leaves requests and runs to other runners. */
  readonly requireReady?: (context: Pick<JobContext, 'db' | 'config'>) => Promise<unknown>;
  /**
   * Asks for what is due, when this runner leads. `fence` must be the first statement of the transaction that asks; false: another
   * leads now.
   */
  readonly schedule?: (
    context: Pick<JobContext, 'db' | 'config'>,
    fence: (tx: Tx) => Promise<boolean>,
    parameters: ExecutionParameters,
  ) => Promise<Scheduled>;
  /** What the log tells of an execution that ended. */
  readonly report: (db: Db, run: Run) => Promise<object>;
}

/** What a worker thread lends to a job: its one connection, and the board with its own slot. */
export interface Thread {
  readonly db: Db;
  readonly config: Config;
  readonly board: SharedBoard;
  readonly slot: number;
}

/** A partition's pass, as a thread takes it up. */
export interface PassTask {
  readonly runId: number;
  readonly key: string;
  readonly generation: number;
  readonly partitionId: number;
  readonly number: number;
  readonly pass: number;
  /** Ids in (lo, hi] belong to it. */
  readonly lo: number;
  readonly hi: number;
  /** The last id that is committed; `lo` at the beginning. */
  readonly cursorId: number;
  /** That of the last committed chunk; null at the beginning. */
  readonly checkpoint: string | null;
  /** What the plan froze. */
  readonly parameters: unknown;
  /** Entries of a page. */
  readonly chunkRows: number;
}

/** The thread side of a job. One is made for each thread; what a thread keeps from one partition to the next are its fields. */
export interface ThreadJob {
  readonly name: string;
  /** Codes of errors that no further try would mend: the partition is FAILED at once. */
  readonly finalErrors?: ReadonlySet<string>;
  /**
   * Takes a pass up where it stands. After a takeover it restores from the database what the pass holds in memory, and may compare it with
   * the checkpoint; `thread.board.tick(thread.slot)` between reads says that it lives.
   */
  readonly begin: (task: PassTask, thread: Thread) => Promise<PassInHand>;
  /**
   * Reads and decides the same pass of several partitions whole, each from its beginning; one's ids follow the other's. A partition of which this
   * fails is begun by itself.
   */
  readonly together?: (tasks: readonly PassTask[], thread: Thread) => Promise<WholePasses>;
}

export interface WholePasses {
  /** Of each partition. */
  readonly parts: readonly Pick<Chunk, 'done' | 'exceptions' | 'checkpoint'>[];
  /** As that of a chunk. */
  readonly write: (tx: Tx) => Promise<void>;
}

export interface PassInHand {
  /** Reads and decides the next entries with ids in (after, hi], at most `chunkRows` of them. Nothing is written. */
  readonly page: (after: number) => Promise<Chunk>;
}

/** One page with its decision and its writing. */
export interface Chunk {
  /** The id through which entries are dealt with; `hi` ends the pass. */
  readonly cursorId: number;
  /** Entries that are done, and those that are set aside; together all entries of the page. */
  readonly done: number;
  readonly exceptions: number;
  /** The job's own: what it needs to go on behind this chunk, at most 64 KiB. */
  readonly checkpoint: string | null;
  /** Writes what belongs to the chunk, behind the fence. It may run again, from the start, in another transaction. */
  readonly write: (tx: Tx) => Promise<void>;
  /** The chunk is committed: what the pass holds in memory moves on. */
  readonly advance: () => void;
  /** `write` failed with an error that does not pass: another chunk for the same page, or throws what the error means. */
  readonly instead?: (error: unknown) => Promise<Chunk>;
}

/** A piece of reading that needs no run. Input and answer are plain data that the job's two sides agree on. */
export type Scan = (input: unknown, thread: Thread) => Promise<unknown>;

/** A job that only reads, piece by piece, in one view that its threads share. Input, pieces, results and sums are plain data. */
export interface ViewReader<Input, Piece, Result, Sum> {
  readonly name: string;
  /** Tells snapshots apart: it changes with every commit that changes what the reader reads. */
  readonly stateOf: (snapshot: Db, input: Input) => Promise<string>;
  /** Called once for each thread. `onEntries` is to be told of entries that were read, page by page; it throws when the reader is to stop. */
  readonly open: (
    snapshot: Db,
    input: Input,
    onEntries: (entries: number) => void,
  ) => Promise<OpenReader<Piece, Result, Sum>>;
}

export interface OpenReader<Piece, Result, Sum> {
  readonly read: (piece: Piece) => Promise<Result>;
  /** What the thread has summed up over the pieces it has read. */
  readonly sum: () => Sum;
}

/** A reader as the engine's thread sees it, which looks into nothing of it. */
export type AnyViewReader = ViewReader<unknown, unknown, unknown, unknown>;
