/**
 * A partition in a worker thread, chunk by chunk: read by key, decide, and in one transaction move the fence, write the
 * lines, park exceptions, add the sums. Nothing is held that the database does not have: after a takeover the lines committed
 * so far are read back to restore the running hash and the sums per seller, and are checked on the way.
 */
import { SALE } from '../../../core/feed/rules/leg.js';
import {
  type ChunkStep,
  chunkOutcome,
  moveFence,
  type Partition,
  readPartition,
} from '../../../core/jobs/stores/partition.js';
import { isStopRequested } from '../../../core/jobs/stores/run.js';
import type { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { CanonicalLines } from '../../../core/settlement/rules/canonical-line.js';
import { type Decision, decideRefunds, decideSales, type Refused } from '../../../core/settlement/rules/decide.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { SellerTotals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { type EntryPage, readRefunds, readSales } from '../../../core/settlement/stores/entry-page.js';
import { insertExceptions, resolveExceptions, updateExceptions } from '../../../core/settlement/stores/exception.js';
import { completeLine, insertLines, type LineWriter, readStoredLines } from '../../../core/settlement/stores/line.js';
import { addPartitionTotals, addSellerTotals } from '../../../core/settlement/stores/partition-total.js';
import { type Db, errorText, isDataError, isDuplicateKey } from '../../../infra/database.js';
import { faultPoint } from '../../../infra/faults.js';
import { RunningSha256 } from '../../../infra/sha256.js';
import { MagamError } from '../../../kernel/errors.js';
import { commitFenced } from '../../engine/commit-fenced.js';
import type { PartitionOutcome, PartitionTask, SharedBoard, WorkCounts } from '../../engine/protocol.js';
import { originalPolicyIds, withPolicies } from './policies-of-run.js';
import { findRefusedLines } from './refused-lines.js';

export interface SettleThread {
  readonly db: Db;
  readonly writer: LineWriter;
  readonly policies: PolicyBook;
  readonly board: SharedBoard;
}

/** The leg's progress that lives in memory between chunks. */
interface Progress {
  seq: number;
  cursorId: number;
  hash: RunningSha256;
  readonly sellers: SellerTotals;
}

/** Works the partition's current leg to its end, or until it is stopped or lost. Counts into `counts` what was committed. */
export async function settlePartition(
  task: PartitionTask,
  thread: SettleThread,
  counts: WorkCounts,
): Promise<PartitionOutcome['status']> {
  const { board } = thread;
  const partition = await readPartition(thread.db, task.fence.partitionId);
  const progress = await restoreProgress(task, thread, partition);
  for (;;) {
    if (board.stopRequested() || (await isStopRequested(thread.db, task.executionId))) {
      board.requestStop(); // the other workers need not ask
      return 'stopped';
    }
    const chunk = await settleChunk(task, thread, partition, progress);
    if (chunk === 'lost') return 'lost';
    counts.entries += chunk.lines + chunk.exceptions;
    counts.lines += chunk.lines;
    counts.exceptions += chunk.exceptions;
    counts.chunks += 1;
    board.tick(task.slot);
    board.addEntries(task.slot, chunk.lines + chunk.exceptions);
    if (chunk.sequel !== 'go-on') return 'leg-done';
  }
}

const rangeOf = (partition: Partition): { lo: number; hi: number } =>
  partition.leg === SALE
    ? { lo: partition.saleLo, hi: partition.saleHi }
    : { lo: partition.refundLo, hi: partition.refundHi };

const RESTORE_ROWS = 4_000;

/**
 * Reads back what the leg has committed. Throws when its hash is not the one committed with it: somebody changed lines, and
 * a certificate over them would be worthless.
 */
async function restoreProgress(
  task: PartitionTask,
  { db, policies, board }: SettleThread,
  partition: Partition,
): Promise<Progress> {
  const progress: Progress = {
    seq: partition.seq,
    cursorId: partition.cursorId,
    hash: new RunningSha256(),
    sellers: new SellerTotals(),
  };
  const { lo } = rangeOf(partition);
  const canonical = new CanonicalLines();
  for (let after = lo; after < partition.cursorId; ) {
    const lines = await readStoredLines(
      db,
      task.date,
      task.generation,
      partition.leg,
      after,
      partition.cursorId,
      RESTORE_ROWS,
    );
    const known = await withPolicies(
      db,
      policies,
      lines.map((line) => line.policyId),
    );
    for (const line of lines) {
      canonical.add(completeLine(line, known));
      progress.sellers.of(line.sellerId, line.currency).add(line.leg, line.figures);
    }
    progress.hash.update(canonical.take());
    board.tick(task.slot);
    after = lines.length < RESTORE_ROWS ? partition.cursorId : (lines.at(-1) as { entryId: number }).entryId;
  }
  const committed = partition.leg === SALE ? partition.saleHash : partition.refundHash;
  if (committed !== null && committed !== progress.hash.digestSoFar()) {
    throw new MagamError(
      'LINES_CHANGED',
      `The committed lines of partition ${partition.number} are not those that its hash was made of.`,
    );
  }
  return progress;
}

/** Reads, decides and commits one chunk; does it over with rows parked that the database refuses for their own data. */
async function settleChunk(
  task: PartitionTask,
  thread: SettleThread,
  partition: Partition,
  progress: Progress,
): Promise<ChunkStep | 'lost'> {
  const page: EntryPage = {
    source: task.source,
    date: task.date,
    after: progress.cursorId,
    through: rangeOf(partition).hi,
    limit: task.chunkRows,
  };
  const { decide, rows } = await readPage(page, thread, partition);
  const cursorId = rows.length < page.limit ? page.through : (rows.at(-1) as { entryId: number }).entryId;
  const ended = rows.length < page.limit || cursorId === page.through;
  let refused: Refused = new Map();
  for (;;) {
    const decision = decide(refused);
    const hash = progress.hash.fork();
    hash.update(canonicalBytes(decision.lines));
    const step: ChunkStep = {
      leg: partition.leg,
      seq: progress.seq,
      cursorId,
      lines: decision.lines.length,
      exceptions: decision.exceptions.length,
      hash: hash.digestSoFar(),
      sequel: !ended ? 'go-on' : partition.leg === SALE && partition.refunds > 0 ? 'refunds' : 'done',
    };
    try {
      if (!(await commitChunk(task, thread, progress, step, decision))) return 'lost';
    } catch (error) {
      if (isDuplicateKey(error)) throw new MagamError('DUPLICATE_LINE', errorText(error));
      if (!isDataError(error)) throw error;
      const found = await findRefusedLines(thread.db, task.date, task.generation, decision.lines);
      if (found.size === 0) throw error; // not a line's data after all
      refused = new Map([...refused, ...found]);
      continue;
    }
    for (const line of decision.lines) progress.sellers.of(line.sellerId, line.currency).add(line.leg, line.figures);
    progress.hash = hash;
    progress.seq += 1;
    progress.cursorId = cursorId;
    return step;
  }
}

const canonicalLines = new CanonicalLines();
function canonicalBytes(lines: readonly SettledLine[]): Uint8Array {
  for (const line of lines) canonicalLines.add(line);
  return canonicalLines.take();
}

interface ReadPage {
  readonly rows: readonly { entryId: number }[];
  readonly decide: (refused: Refused) => Decision;
}

async function readPage(page: EntryPage, { db, policies }: SettleThread, partition: Partition): Promise<ReadPage> {
  if (partition.leg === SALE) {
    const rows = await readSales(db, page, policies);
    return { rows, decide: (refused) => decideSales(rows, policies, refused) };
  }
  const rows = await readRefunds(db, page);
  const known = await withPolicies(db, policies, originalPolicyIds(rows));
  return { rows, decide: (refused) => decideRefunds(rows, known, refused) };
}

/** One transaction: the fence first, then everything that belongs to the chunk. False: the partition was lost. */
async function commitChunk(
  task: PartitionTask,
  thread: SettleThread,
  progress: Progress,
  step: ChunkStep,
  decision: Decision,
): Promise<boolean> {
  const { fence, date, generation } = task;
  const outcome = await commitFenced({
    db: thread.db,
    withinLease: () => thread.board.limitOf(task.slot),
    outcome: (tx) => chunkOutcome(tx, fence, step.seq),
    write: async (tx) => {
      if (!(await moveFence(tx, fence, step))) return false;
      await faultPoint('chunk.in-transaction');
      await insertLines(tx, date, generation, decision.lines, thread.writer);
      if (generation === 1) await insertExceptions(tx, date, generation, decision.exceptions);
      else {
        await updateExceptions(tx, date, decision.exceptions);
        await resolveExceptions(
          tx,
          date,
          generation,
          step.leg,
          decision.lines.map((line) => line.entryId),
        );
      }
      await addPartitionTotals(tx, fence.partitionId, totalsByCurrency(decision.lines));
      if (step.sequel !== 'go-on')
        await addSellerTotals(tx, fence.partitionId, withLines(progress.sellers, decision.lines));
      await faultPoint('chunk.before-commit');
      return true;
    },
  });
  await faultPoint('chunk.after-commit');
  return outcome;
}

function totalsByCurrency(lines: readonly SettledLine[]): ReturnType<TotalsBy['entries']> {
  const totals = new TotalsBy();
  for (const line of lines) totals.of(line.currency).add(line.leg, line.figures);
  return totals.entries();
}

/** The leg's sums with those of its last chunk, which are not committed yet. */
function withLines(sellers: SellerTotals, lines: readonly SettledLine[]): ReturnType<SellerTotals['entries']> {
  const sum = new SellerTotals();
  for (const { sellerId, currency, totals } of sellers.entries()) sum.of(sellerId, currency).addTotals(totals);
  for (const line of lines) sum.of(line.sellerId, line.currency).add(line.leg, line.figures);
  return sum.entries();
}
