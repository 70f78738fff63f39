/**
 * The main thread of an execution: claims partitions one by one for its workers, records how each claim ended, waits for
 * those that others hold until they finish or their lease ends. Several processes doing this at once share the work.
 */
import { randomUUID } from 'node:crypto';
import {
  claimPartition,
  endPartitionExecution,
  type Fence,
  failPartition,
  type Partition,
  readPartitions,
  releasePartition,
} from '../../core/jobs/stores/partition.js';
import { beat } from '../../core/jobs/stores/run.js';
import { type Db, inTransaction, isConnectionLost, isLockConflict, pause } from '../../infra/database.js';
import { LeaseKeeper, type LeaseSettings } from './lease-keeper.js';
import { monotonicMs, type PartitionOutcome, type PartitionTask } from './protocol.js';
import { OUTAGE_MS, survivingOutage } from './survive-outage.js';
import type { WorkerPool } from './worker-pool.js';

export interface WorkPlan {
  readonly runId: number;
  readonly executionId: number;
  readonly generation: number;
  readonly task: Pick<PartitionTask, 'date' | 'generation' | 'source' | 'policyRevision' | 'chunkRows'>;
}

export interface WorkOptions extends LeaseSettings {
  /** Claims of one partition without progress before it is FAILED. */
  readonly claimsMax: number;
  /** Aborted: finish the chunk in hand and stop. */
  readonly signal: AbortSignal;
  readonly onProgress: (entries: number) => void;
}

export interface WorkResult {
  readonly status: 'done' | 'failed' | 'stopped';
  /** Of this execution alone. */
  readonly entries: number;
  readonly lines: number;
  readonly exceptions: number;
  readonly failed: readonly Partition[];
}

const POLL_MS = 300;

/** Works until every partition is done, one has failed for good, or it is told to stop. */
export async function workPartitions(
  db: Db,
  pool: WorkerPool,
  plan: WorkPlan,
  options: WorkOptions,
): Promise<WorkResult> {
  const leases = new LeaseKeeper(db, pool.board, options);
  const active = new Map<number, Promise<void>>();
  const counts = { entries: 0, lines: 0, exceptions: 0 };
  const owner = randomUUID();
  const unwatch = watchForStop(db, pool, plan.executionId, options);
  let away: number | undefined;
  try {
    for (;;) {
      try {
        const partitions = await readPartitions(db, plan.runId, plan.generation);
        away = undefined;
        const verdict = judge(partitions, active.size, pool.board.stopRequested());
        if (verdict !== undefined) {
          await Promise.all(active.values()); // a worker may have committed its last chunk and not told yet
          return { status: verdict, ...counts, failed: partitions.filter(({ status }) => status === 'FAILED') };
        }
        if (!pool.board.stopRequested()) await claimAll(partitions);
      } catch (error) {
        if (!isConnectionLost(error) && !isLockConflict(error)) throw error;
        away ??= monotonicMs();
        if (monotonicMs() - away > OUTAGE_MS) throw error;
      }
      options.onProgress(pool.board.entries());
      await Promise.race([...active.values(), pause(POLL_MS)]);
    }
  } finally {
    unwatch();
    if (active.size > 0) pool.board.requestStop();
    await Promise.all(active.values());
    leases.close();
  }

  async function claimAll(partitions: readonly Partition[]): Promise<void> {
    for (const partition of claimable(partitions)) {
      if (pool.idleWorkers === 0) return;
      if (partition.claims >= options.claimsMax && partition.seq === partition.claimedSeq) {
        await failPartition(db, partition);
        continue;
      }
      const sent = monotonicMs();
      const fence = await claim(partition);
      if (fence !== undefined) active.set(fence.partitionId, workOne(fence, partition, sent));
    }
  }

  /** A holder whose transaction is open keeps the row locked: then others are tried first, and this one at the next poll. */
  async function claim(partition: Partition): Promise<Fence | undefined> {
    try {
      return await inTransaction(
        db,
        (tx) => claimPartition(tx, partition, owner, plan.executionId, options.leaseMs),
        1,
      );
    } catch (error) {
      if (isLockConflict(error)) return undefined;
      throw error;
    }
  }

  async function workOne(fence: Fence, partition: Partition, sent: number): Promise<void> {
    const abort = new AbortController();
    const outcome = await pool.runPartition(
      { kind: 'partition', fence, executionId: plan.executionId, ...plan.task },
      abort.signal,
      (slot) => leases.hold(fence, slot, sent, abort),
    );
    leases.letGo(fence);
    counts.entries += outcome.entries;
    counts.lines += outcome.lines;
    counts.exceptions += outcome.exceptions;
    if (outcome.status === 'failed') await pause(100 * 2 ** Math.min(5, partition.claims)); // the next try may find a mended world
    await settleClaim(db, fence, outcome);
    active.delete(fence.partitionId);
  }
}

/** What is decided by the partitions' states; undefined: go on. */
function judge(partitions: readonly Partition[], active: number, stopping: boolean): WorkResult['status'] | undefined {
  if (partitions.every(({ status }) => status === 'DONE')) return 'done';
  if (active > 0) return undefined;
  if (stopping) return 'stopped';
  const movable = claimable(partitions).length > 0 || partitions.some(({ status }) => status === 'RUNNING');
  return movable ? undefined : 'failed';
}

/** Partitions that may be claimed now: refunds only once every partition's sales are done, for they need what these became. */
function claimable(partitions: readonly Partition[]): Partition[] {
  const salesDone = partitions.every(({ leg, status }) => leg === 1 || status === 'DONE');
  return partitions.filter(
    ({ status, leg, leaseExpired }) => (status === 'PENDING' || leaseExpired) && (leg === 0 || salesDone),
  );
}

const claimEnds = { 'leg-done': 'DONE', stopped: 'STOPPED', lost: 'LOST', failed: 'FAILED' } as const;

/** Gives back what the worker still held and records how the claim ended; survives a database that comes back. */
async function settleClaim(db: Db, fence: Fence, outcome: PartitionOutcome): Promise<void> {
  const { status, entries, chunks, error } = outcome;
  await survivingOutage(() =>
    inTransaction(db, async (tx) => {
      if (status !== 'leg-done' && status !== 'lost') await releasePartition(tx, fence, error);
      await endPartitionExecution(tx, fence, {
        status: claimEnds[status],
        entries,
        chunks,
        errorCode: error?.code ?? null,
        errorMessage: error?.message ?? null,
      });
    }),
  );
}

/** Looks for a stop request in the database and from the process's signal, and passes it on to the workers. */
function watchForStop(db: Db, pool: WorkerPool, executionId: number, { leaseMs, signal }: WorkOptions): () => void {
  const { board } = pool;
  const stop = (): void => board.requestStop();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const timer = setInterval(() => {
    beat(db, executionId).then(
      ({ stopRequested }) => stopRequested && stop(),
      () => undefined, // the database is away: the next beat asks again
    );
  }, leaseMs / 5);
  return () => {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
  };
}
