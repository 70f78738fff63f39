/**
 * The main thread of an execution: claims partitions one by one for its workers, records how each claim ended, waits for
 * those that others hold until they finish or their lease ends. Several processes doing this at once share the work.
 */
import { randomUUID } from 'node:crypto';
import { beat } from '../../core/jobs/stores/execution.js';
import {
  claimPartition,
  endPartitionExecution,
  type Fence,
  failPartition,
  type Partition,
  readPartitions,
  releasePartition,
} from '../../core/jobs/stores/partition.js';
import { type Db, inTransaction, isLockConflict, pause } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { LeaseKeeper, type LeaseSettings } from './lease-keeper.js';
import { monotonicMs, type PartitionOutcome, type PartitionTask } from './protocol.js';
import { requireSameRun } from './same-run.js';
import { survivingOutage } from './survive-outage.js';
import type { WorkerPool } from './worker-pool.js';

export interface WorkPlan {
  readonly runId: number;
  readonly executionId: number;
  readonly generation: number;
  readonly passesWait: boolean;
  readonly task: Pick<PartitionTask, 'job' | 'key' | 'parameters' | 'chunkRows'>;
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
  readonly done: number;
  readonly exceptions: number;
  readonly partitions: number;
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
  const counts = { done: 0, exceptions: 0 };
  const owner = randomUUID();
  const unwatch = watchForStop(db, pool, plan.executionId, options);
  try {
    for (;;) {
      const ended = await survivingOutage(lookAround);
      if (ended !== undefined) {
        await Promise.all(active.values()); // a worker may have committed its last chunk and not told yet
        return { ...ended, ...counts };
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

  /** Claims what may be claimed; returns how the work ended, once it has. */
  async function lookAround(): Promise<Pick<WorkResult, 'status' | 'partitions' | 'failed'> | undefined> {
    const { job, key, parameters } = plan.task;
    await requireSameRun(db, { runId: plan.runId, job, key, plan: { generation: plan.generation, parameters } });
    const partitions = await readPartitions(db, plan.runId, plan.generation);
    const movable = claimable(partitions, plan.passesWait);
    const status = judge(partitions, movable, active.size, pool.board.stopRequested());
    if (status !== undefined) {
      return { status, partitions: partitions.length, failed: partitions.filter((it) => it.status === 'FAILED') };
    }
    if (!pool.board.stopRequested()) await claimAll(movable);
    return undefined;
  }

  async function claimAll(partitions: readonly Partition[]): Promise<void> {
    for (const partition of partitions) {
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
    const { runId, executionId, generation } = plan;
    const abort = new AbortController();
    const outcome = await pool.runPartition(
      { kind: 'partition', fence, ...plan.task, runId, executionId, generation },
      abort.signal,
      (slot) => leases.hold(fence, slot, sent, abort),
    );
    leases.letGo(fence);
    await faultPoint(`claim.${outcome.status}`);
    counts.done += outcome.done;
    counts.exceptions += outcome.exceptions;
    if (outcome.status === 'failed') await pause(100 * 2 ** Math.min(5, partition.claims)); // the next try may find a mended world
    await settleClaim(db, fence, outcome);
    active.delete(fence.partitionId);
  }
}

/** What is decided by the partitions' states; undefined: go on. */
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

/** Gives back what the worker still held and records how the claim ended; survives a database that comes back. */
async function settleClaim(db: Db, fence: Fence, outcome: PartitionOutcome): Promise<void> {
  const { status, done, exceptions, chunks, error } = outcome;
  await survivingOutage(() =>
    inTransaction(db, async (tx) => {
      if (status !== 'pass-done' && status !== 'lost') await releasePartition(tx, fence, error);
      await endPartitionExecution(tx, fence, {
        status: claimEnds[status],
        entries: done + exceptions,
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
