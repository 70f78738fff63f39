/**
 * The main thread of an execution: claims partitions for its workers, small neighbours together, records how each claim ended, waits for
 * those that others hold until they finish or their lease ends. Several processes doing this at once share the work.
 */
import { randomUUID } from 'node:crypto';
import {
  type ClaimFailure,
  claimPartitions,
  endPartitionExecutions,
  type Fence,
  failPartition,
  type Partition,
  readPartitions,
  readPasses,
  releasePartitions,
} from '../../core/jobs/stores/partition.js';
import { type Db, inTransaction, pause, type Tx } from '../../infra/database.js';
import { isLockConflict } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { type OutagePatience, survivingOutage } from '../../infra/survive-outage.js';
import { groupNeighbours } from './group-neighbours.js';
import type { Turn } from './job.js';
import { LeaseKeeper, type LeaseSettings } from './lease-keeper.js';
import { OutageClock } from './outage-clock.js';
import { monotonicMs, type PartitionOutcome, type PartitionTask } from './protocol.js';
import { planStands } from './same-run.js';
import type { WorkerPool } from './worker-pool.js';

export interface WorkPlan {
  readonly runId: number;
  readonly executionId: number;
  readonly generation: number;
  readonly plannedBy: number;
  readonly passesWait: boolean;
  /** Neighbouring partitions that fit into a chunk together are done in one. */
  readonly together: boolean;
  readonly task: Pick<PartitionTask, 'job' | 'key' | 'parameters' | 'chunkRows'>;
}

export interface WorkOptions extends LeaseSettings, OutagePatience {
  /** Claims of one partition without progress before it is FAILED. */
  readonly claimsMax: number;
  /** When aborted: finish the current chunk and stop. */
  readonly signal: AbortSignal;
  readonly onProgress: (entries: number) => void;
  /** Whether passes after the first may begin, and the work may end. */
  readonly turn?: () => Promise<Turn>;
  /** Settles when it is time to ask for the turn again. */
  readonly turnNear?: Promise<unknown>;
}

export interface WorkResult {
  readonly status: 'done' | 'failed' | 'stopped' | 'plan-anew';
  /** Of this execution alone. */
  readonly done: number;
  readonly exceptions: number;
  readonly partitions: number;
  readonly failed: readonly Partition[];
}

const POLL_MS = 300;
/** So many chunks of partitions that are done together would be as much as one: too few to be shared out. */
const FEW = 8;
/** Between two claims of a partition that an outage has ended. */
const OUTAGE_PAUSE_MS = 1_000;

interface CountedFailure extends ClaimFailure {
  /** Whether the claim is one of those that are limited. */
  readonly counts: boolean;
}

/**
 * Works until every partition is done, one has failed for good, or it is told to stop. Throws what the database throws when it was away for
 * too long. However it ends, no thread works on for it and no timer of it runs.
 */
export const workPartitions = (db: Db, pool: WorkerPool, plan: WorkPlan, options: WorkOptions): Promise<WorkResult> =>
  new PartitionWork(db, pool, plan, options).carryOut();

class PartitionWork {
  private readonly owner = randomUUID();
  private readonly leases: LeaseKeeper;
  /** By partition: what a thread works at. */
  private readonly active = new Map<number, Promise<void>>();
  private readonly counts = { done: 0, exceptions: 0 };
  private readonly outages = new OutageClock();
  private readonly givenUp = new AbortController();
  private turnHasCome: boolean;
  private passes: Awaited<ReturnType<typeof readPasses>> | undefined;
  private turnIsNear = false;
  private readonly turnNear: Promise<unknown> | undefined;
  private readonly patience: OutagePatience;

  constructor(
    private readonly db: Db,
    private readonly pool: WorkerPool,
    private readonly plan: WorkPlan,
    private readonly options: WorkOptions,
  ) {
    this.leases = new LeaseKeeper(db, pool.board, options);
    const signal = AbortSignal.any([options.signal, this.givenUp.signal]);
    this.patience = { outageMs: options.outageMs, signal, onOutage: options.onOutage };
    this.turnHasCome = options.turn === undefined;
    this.turnNear = options.turnNear?.then(
      () => (this.turnIsNear = true),
      () => (this.turnIsNear = true),
    );
  }

  async carryOut(): Promise<WorkResult> {
    const { signal } = this.options;
    if (signal.aborted) this.stopThreads();
    signal.addEventListener('abort', this.stopThreads);
    try {
      return await this.workToTheEnd();
    } catch (error) {
      this.givenUp.abort(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', this.stopThreads);
      if (this.active.size > 0) this.stopThreads();
      await this.allIdle();
      this.leases.close();
    }
  }

  private stopThreads = (): void => this.pool.board.requestStop();
  private allIdle = (): Promise<unknown> => Promise.all(this.active.values());

  private async workToTheEnd(): Promise<WorkResult> {
    for (;;) {
      const ended = await survivingOutage(this.patience, () => this.lookAround());
      if (ended !== undefined) {
        await this.allIdle(); // a worker may have committed its last chunk and not told yet
        this.givenUp.signal.throwIfAborted();
        return { ...ended, ...this.counts };
      }
      this.options.onProgress(this.pool.board.entries());
      await Promise.race(this.events());
      this.givenUp.signal.throwIfAborted();
    }
  }

  /** What makes it worth while to look around again. */
  private events(): Promise<unknown>[] {
    const events: Promise<unknown>[] = [...this.active.values(), pause(POLL_MS)];
    if (this.pool.wantsSeats) events.push(this.pool.seatFree());
    if (this.turnNear !== undefined && !this.turnIsNear) events.push(this.turnNear);
    return events;
  }

  /** Claims what may be claimed; returns how the work ended, once it has. */
  private async lookAround(): Promise<Pick<WorkResult, 'status' | 'partitions' | 'failed'> | undefined> {
    const { plan, pool } = this;
    const partitions = await readPartitions(this.db, plan.runId, plan.generation);
    await faultPoint('run.looked');
    const stands = await this.planStands(); // asked after they were read: they are those of the plan, and not of one that took its place
    const movable = claimable(partitions, plan.passesWait);
    const stopping = pool.board.stopRequested();
    const ended = (status: WorkResult['status']) => ({
      status,
      partitions: partitions.length,
      failed: partitions.filter((it) => it.status === 'FAILED'),
    });
    if (!stands) return ended('plan-anew');
    const status = judge(partitions, movable, this.active.size, stopping);
    if (status === 'failed' || status === 'stopped') return ended(status);
    if (status === 'done' || movable.some(({ pass }) => pass > 0)) {
      const turn = await this.takeTurn();
      if (turn === 'plan-anew') return ended(turn);
      if (turn === 'wait') {
        pool.wantsSeats = false;
        return status === 'done' && stopping ? ended('stopped') : undefined;
      }
    }
    if (status !== undefined) return ended(status);
    pool.wantsSeats = !stopping && (await this.claimAll(movable)) === 'no-seat';
    return undefined;
  }

  private planStands(): Promise<boolean> {
    const { runId, executionId, generation, plannedBy, task } = this.plan;
    const { job, key, parameters } = task;
    return planStands(this.db, { runId, job, key, plan: { generation, parameters, plannedBy } }, executionId);
  }

  /** Asks until it has come. Somebody else may have taken it, with a new plan. */
  private async takeTurn(): Promise<Turn> {
    if (this.turnHasCome) return 'come';
    const turn = (await this.options.turn?.()) ?? 'come';
    if (turn === 'come' && !(await this.planStands())) return 'plan-anew';
    this.turnHasCome = turn === 'come';
    return turn;
  }

  private async claimAll(partitions: readonly Partition[]): Promise<'no-seat' | 'done'> {
    const free: Partition[] = [];
    for (const partition of partitions) {
      if (this.active.has(partition.partitionId)) continue; // its lease is over, and our own thread has not left it yet
      if (partition.claims < this.options.claimsMax || partition.seq > partition.claimedSeq) free.push(partition);
      else await failPartition(this.db, partition);
    }
    for (const claim of await this.claimsOf(free)) {
      const seat = this.pool.takeSeat();
      if (seat === undefined) return 'no-seat';
      const sent = monotonicMs();
      const fences = await this.claim(claim).catch((error: unknown) => {
        this.pool.leaveSeat(seat);
        throw error;
      });
      if (fences === undefined) this.pool.leaveSeat(seat);
      else {
        const work = this.workOne(fences, claim, sent, seat);
        for (const { partitionId } of fences) this.active.set(partitionId, work);
      }
    }
    return 'done';
  }

  /** A claim: one partition, or neighbouring ones that fit into a chunk together. */
  private async claimsOf(partitions: readonly Partition[]): Promise<Partition[][]> {
    const { runId, generation, together, task } = this.plan;
    if (!together || partitions.length < 2) return partitions.map((partition) => [partition]);
    this.passes ??= await readPasses(this.db, runId, generation);
    return groupNeighbours(partitions, this.passes, {
      entriesMax: task.chunkRows,
      partitionsMax: Math.ceil(this.passes.size / this.pool.workers),
      fewEntries: task.chunkRows / FEW,
    });
  }

  /** A holder whose transaction is open keeps the row locked: then others are tried first, and this one at the next poll. */
  private async claim(partitions: readonly Partition[]): Promise<Fence[] | undefined> {
    const { executionId } = this.plan;
    const others = new Error('somebody else was faster');
    const claim = async (tx: Tx): Promise<Fence[]> => {
      const fences = await claimPartitions(tx, partitions, this.owner, executionId, this.options.leaseMs);
      if (fences === undefined) throw others;
      return fences;
    };
    try {
      return await inTransaction(this.db, claim, 1);
    } catch (error) {
      if (error === others || isLockConflict(error)) return undefined;
      throw error;
    }
  }

  /** Never rejects: where the end of a claim cannot be recorded, the work is given up. */
  private async workOne(
    fences: readonly Fence[],
    partitions: readonly Partition[],
    sent: number,
    seat: number,
  ): Promise<void> {
    const { runId, executionId, generation, task } = this.plan;
    const abort = new AbortController();
    try {
      this.leases.hold(fences, seat, sent, abort);
      const outcome = await this.pool.runPartition(
        { kind: 'partition', fences, ...task, runId, executionId, generation },
        seat,
        abort.signal,
      );
      this.leases.letGo(fences);
      await faultPoint(`claim.${outcome.status}`);
      this.counts.done += outcome.done;
      this.counts.exceptions += outcome.exceptions;
      const failure = this.failureOf(partitions, outcome);
      // The next try may find a mended world.
      if (failure !== undefined)
        await pause(failure.counts ? 100 * 2 ** Math.min(5, partitions[0]?.claims ?? 0) : OUTAGE_PAUSE_MS);
      const record = (tx: Db) => recordClaim(tx, fences, outcome, failure);
      const alone = outcome.status === 'pass-done'; // one statement
      await survivingOutage(this.patience, () => (alone ? record(this.db) : inTransaction(this.db, record)));
    } catch (error) {
      this.givenUp.abort(error);
    } finally {
      this.leases.letGo(fences);
      for (const { partitionId } of fences) this.active.delete(partitionId);
    }
  }

  /** A failure that passes is not counted, and is final when it has not passed for as long as an outage is borne with. */
  private failureOf(partitions: readonly Partition[], { error, chunks }: PartitionOutcome): CountedFailure | undefined {
    const [first] = partitions;
    if (error === undefined || first === undefined) return undefined;
    const { code, message, passes } = error;
    const { partitionId, seq } = first;
    // Of several it is not known which one it was: each is tried by itself.
    if (!passes) return { code, message, final: error.final && partitions.length === 1, counts: true };
    const failing = this.outages.failed(partitionId, seq, chunks);
    return { code, message, final: failing >= this.options.outageMs, counts: false };
  }
}

/** The outcome that follows from the states of the partitions; undefined: continue. */
function judge(
  partitions: readonly Partition[],
  movable: readonly Partition[],
  active: number,
  stopping: boolean,
): WorkResult['status'] | undefined {
  if (partitions.every(({ status }) => status === 'DONE')) return 'done';
  if (active > 0) return undefined;
  if (stopping) return 'stopped';
  return movable.length > 0 || partitions.some(({ status }) => status === 'RUNNING') ? undefined : 'failed';
}

/** Partitions that may be claimed now; where passes wait, only those whose pass no other partition has yet to reach. */
function claimable(partitions: readonly Partition[], passesWait: boolean): Partition[] {
  const earliest = Math.min(...partitions.filter(({ status }) => status !== 'DONE').map(({ pass }) => pass));
  return partitions.filter(
    ({ status, pass, leaseExpired }) => (status === 'PENDING' || leaseExpired) && (!passesWait || pass === earliest),
  );
}

const claimEnds = { 'pass-done': 'DONE', stopped: 'STOPPED', lost: 'LOST', failed: 'FAILED' } as const;

/** Gives back what the worker still held and records how the claim ended. */
async function recordClaim(
  tx: Db,
  fences: readonly Fence[],
  { status, done, exceptions, chunks, error, entriesOfEach }: PartitionOutcome,
  failure: CountedFailure | undefined,
): Promise<void> {
  // Who was told to stop has not failed to make progress.
  const counts = failure?.counts ?? status !== 'stopped';
  if (status !== 'pass-done' && status !== 'lost') await releasePartitions(tx, fences, counts, failure);
  await endPartitionExecutions(tx, fences, {
    status: claimEnds[status],
    entries: entriesOfEach ?? [done + exceptions],
    chunks,
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
  });
}
