/** Several small partitions in a worker thread: the same pass of each, whole, in one chunk. Each keeps its fence, its counts and its checkpoint. */
import { isStopRequested } from '../../core/jobs/stores/execution.js';
import {
  type ChunkStep,
  chunkOutcome,
  type Fence,
  moveFences,
  type PartitionWithPasses,
  readPartitionsById,
} from '../../core/jobs/stores/partition.js';
import { faultPoint, stands } from '../../infra/faults.js';
import { commitFenced } from './commit-fenced.js';
import type { PassTask, Thread, ThreadJob, WholePasses } from './job.js';
import type { PartitionOutcome, PartitionTask, WorkCounts } from './protocol.js';

interface Whole {
  readonly task: PassTask;
  readonly seq: number;
  readonly sequel: ChunkStep['sequel'];
}

/** Works the passes of the claim's partitions. Counts into `counts` what was committed, and into `entriesOfEach` of each partition. */
export async function workTogether(
  job: ThreadJob,
  task: PartitionTask,
  thread: Thread,
  counts: WorkCounts & { entriesOfEach?: number[] },
): Promise<PartitionOutcome['status']> {
  if (job.together === undefined) throw new Error(`${job.name} takes one partition at a time`);
  const ids = task.fences.map(({ partitionId }) => partitionId);
  const wholes = (await readPartitionsById(thread.db, ids)).map((partition) => wholePass(task, partition));
  if (await isToStop(task, thread)) return 'stopped';
  const passes = await job.together(
    wholes.map((whole) => whole.task),
    thread,
  );
  if (!(await commit(task, thread, wholes, passes))) return 'lost';
  counts.entriesOfEach = passes.parts.map(({ done, exceptions }) => done + exceptions);
  for (const { done, exceptions } of passes.parts) {
    counts.done += done;
    counts.exceptions += exceptions;
  }
  counts.chunks += 1;
  thread.board.tick(thread.slot);
  thread.board.addEntries(thread.slot, counts.done + counts.exceptions);
  return 'pass-done';
}

/** Whether the worker is told to stop. */
export async function isToStop({ executionId }: PartitionTask, { board, db }: Thread): Promise<boolean> {
  if (!board.stopRequested() && !(await isStopRequested(db, executionId))) return false;
  board.requestStop(); // the other workers need not ask
  return true;
}

function wholePass(task: PartitionTask, partition: PartitionWithPasses): Whole {
  const { partitionId, passes, pass, seq, cursorId, number } = partition;
  const current = passes.find((it) => it.pass === pass);
  if (current === undefined || current.lo !== cursorId) throw new Error(`partition ${partitionId} is under way`);
  const { lo, hi, checkpoint } = current;
  const next = passes.find((it) => it.pass > pass && it.entries > 0);
  const { runId, key, generation, parameters, chunkRows } = task;
  const passTask = { runId, key, generation, partitionId, number, pass, lo, hi, cursorId, checkpoint };
  return { task: { ...passTask, parameters, chunkRows }, seq, sequel: next ?? 'done' };
}

/** One transaction: the fences first, then everything that belongs to the passes. False: one of the partitions was lost. */
async function commit(
  { fences }: PartitionTask,
  { db, board, slot }: Thread,
  wholes: readonly Whole[],
  { parts, write }: WholePasses,
): Promise<boolean> {
  const steps = wholes.map(({ task, seq, sequel }, i): ChunkStep => {
    const { done = 0, exceptions = 0, checkpoint = null } = parts[i] ?? {};
    return { pass: task.pass, seq, cursorId: task.hi, done, exceptions, checkpoint, sequel };
  });
  await faultPoint('chunk.before-fence');
  const committed = await commitFenced({
    db,
    withinLease: () => (stands('lease.limit') ? board.limitOf(slot) : Number.POSITIVE_INFINITY),
    outcome: (tx) => chunkOutcome(tx, fences[0] as Fence, steps[0]?.seq ?? 0), // all of them were moved, or none
    write: async (tx) => {
      if (!(await moveFences(tx, fences, steps))) return false;
      await faultPoint('chunk.in-transaction');
      await write(tx);
      await faultPoint('chunk.before-commit');
      return true;
    },
  });
  if (committed) await faultPoint('chunk.after-commit');
  return committed;
}
