/**
 * A partition in a worker thread, chunk by chunk: the job reads and decides a page, and one transaction moves the fence and writes
 * what belongs to it. Nothing is held that the database does not have.
 */

import {
  type ChunkStep,
  chunkOutcome,
  type Fence,
  moveFence,
  readPartition,
} from '../../core/jobs/stores/partition.js';
import { isTransient } from '../../infra/database-errors.js';
import { faultPoint, stands } from '../../infra/faults.js';
import { commitFenced } from './commit-fenced.js';
import type { Chunk, Thread, ThreadJob } from './job.js';
import type { PartitionOutcome, PartitionTask, WorkCounts } from './protocol.js';
import { isToStop, workTogether } from './work-together.js';

/** Where the pass stands between chunks. */
interface Position {
  readonly pass: number;
  readonly hi: number;
  /** The next pass that holds anything. */
  readonly next: { readonly pass: number; readonly lo: number } | undefined;
  seq: number;
  cursorId: number;
}

/** Works the claim's passes to their ends, or until it is stopped or lost. Counts into `counts` what was committed. */
export async function workPartition(
  job: ThreadJob,
  task: PartitionTask,
  thread: Thread,
  counts: WorkCounts & { entriesOfEach?: number[] },
): Promise<PartitionOutcome['status']> {
  const { board, slot, db } = thread;
  const [fence] = task.fences;
  if (fence === undefined || task.fences.length > 1) return workTogether(job, task, thread, counts);
  const { passes, pass, seq, cursorId, number, partitionId } = await readPartition(db, fence.partitionId);
  const current = passes.find((it) => it.pass === pass);
  if (current === undefined) throw new Error(`partition ${partitionId} has no pass ${pass}`);
  const { lo, hi, checkpoint } = current;
  const at: Position = { pass, hi, next: passes.find((it) => it.pass > pass && it.entries > 0), seq, cursorId };
  const { runId, key, generation, parameters, chunkRows } = task;
  const inHand = await job.begin(
    { runId, key, generation, partitionId, number, pass, lo, hi, cursorId, checkpoint, parameters, chunkRows },
    thread,
  );
  for (;;) {
    if (await isToStop(task, thread)) return 'stopped';
    const chunk = await commitPage(task, thread, at, await inHand.page(at.cursorId));
    if (chunk === 'lost') return 'lost';
    counts.done += chunk.done;
    counts.exceptions += chunk.exceptions;
    counts.chunks += 1;
    board.tick(slot);
    board.addEntries(slot, chunk.done + chunk.exceptions);
    if (at.cursorId === hi) return 'pass-done';
  }
}

/** Commits a page. If the page is refused, commits what the job gives instead. Returns what was committed. */
async function commitPage(task: PartitionTask, thread: Thread, at: Position, page: Chunk): Promise<Chunk | 'lost'> {
  for (let chunk = page; ; ) {
    try {
      if (!(await commitChunk(task, thread, at, chunk))) return 'lost';
    } catch (error) {
      if (chunk.instead === undefined || isTransient(error)) throw error;
      chunk = await chunk.instead(error);
      continue;
    }
    chunk.advance();
    at.seq += 1;
    at.cursorId = chunk.cursorId;
    return chunk;
  }
}

/** One transaction: the fence first, then everything that belongs to the chunk. False: the partition was lost. */
async function commitChunk(task: PartitionTask, thread: Thread, at: Position, chunk: Chunk): Promise<boolean> {
  const fence = task.fences[0] as Fence;
  const { cursorId, done, exceptions, checkpoint } = chunk;
  const sequel = cursorId === at.hi ? (at.next ?? 'done') : 'go-on';
  const step: ChunkStep = { pass: at.pass, seq: at.seq, cursorId, done, exceptions, checkpoint, sequel };
  await faultPoint('chunk.before-fence');
  const committed = await commitFenced({
    db: thread.db,
    withinLease: () => (stands('lease.limit') ? thread.board.limitOf(task.slot) : Number.POSITIVE_INFINITY),
    outcome: (tx) => chunkOutcome(tx, fence, step.seq),
    write: async (tx) => {
      if (!(await moveFence(tx, fence, step))) return false;
      await faultPoint('chunk.in-transaction');
      await chunk.write(tx);
      await faultPoint('chunk.before-commit');
      return true;
    },
  });
  if (committed) await faultPoint('chunk.after-commit');
  return committed;
}
