/**
 * Partitions of a run: claimed, moved under their fence, released. Every change restates the fence (owner and epoch, and
 * seq where a chunk commits): when it does not match exactly one row, the partition belongs to somebody else now. Leases are in
 * database time.
 */

import { change, type Db, isTrue, select, type Tx } from '../../../infra/database.js';
import { type Guard, stands } from '../../../infra/faults.js';

export type PartitionStatus = 'PENDING' | 'RUNNING' | 'DONE' | 'FAILED';

export interface Partition {
  readonly partitionId: number;
  readonly number: number;
  readonly status: PartitionStatus;
  /** Its current pass, from 0. */
  readonly pass: number;
  /** The last id of that pass that is committed. */
  readonly cursorId: number;
  readonly seq: number;
  readonly epoch: number;
  /** Whether a RUNNING partition's lease has run out, by the database's clock. */
  readonly leaseExpired: boolean;
  readonly claims: number;
  readonly claimedSeq: number;
  readonly exceptions: number;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** A partition's range (lo, hi] of ids in one pass, and its state. */
export interface PartitionPass {
  readonly partitionId: number;
  readonly pass: number;
  readonly lo: number;
  readonly hi: number;
  readonly entries: number;
  /** Entries that are done; the partition counts those that were set aside. */
  readonly done: number;
  /** The job's own data of the last committed chunk; null before the first. */
  readonly checkpoint: string | null;
}

/** The right to move a partition. */
export interface Fence {
  readonly partitionId: number;
  readonly owner: string;
  readonly epoch: number;
}

const columns = `partition_id AS partitionId, number, status, pass, cursor_id AS cursorId, seq, epoch,
  (status = 'RUNNING' AND lease_until < UTC_TIMESTAMP(3)) AS leaseExpired, claims, claimed_seq AS claimedSeq, exceptions,
  error_code AS errorCode, error_message AS errorMessage`;

const reading = { leaseExpired: isTrue };

/** The partitions of a generation by number. */
export async function readPartitions(db: Db, runId: number, generation: number): Promise<Partition[]> {
  return select<Partition>(
    db,
    `SELECT ${columns} FROM run_partition WHERE run_id = ? AND generation = ? ORDER BY number`,
    [runId, generation],
    reading,
  );
}

const passColumns = 'q.partition_id AS partitionId, q.pass, q.lo, q.hi, q.entries, q.done, q.checkpoint';

/** The passes of the partitions of a run, or of one generation of it, in order, by partition id. */
export async function readPasses(db: Db, runId: number, generation?: number): Promise<Map<number, PartitionPass[]>> {
  const rows = await select<PartitionPass>(
    db,
    `SELECT ${passColumns} FROM run_partition p JOIN run_partition_pass q ON q.partition_id = p.partition_id
     WHERE p.run_id = ? ${generation === undefined ? '' : 'AND p.generation = ?'} ORDER BY q.partition_id, q.pass`,
    generation === undefined ? [runId] : [runId, generation],
  );
  return byPartition(rows);
}

function byPartition(rows: readonly PartitionPass[]): Map<number, PartitionPass[]> {
  const found = new Map<number, PartitionPass[]>();
  for (const row of rows) {
    const passes = found.get(row.partitionId);
    if (passes === undefined) found.set(row.partitionId, [row]);
    else passes.push(row);
  }
  return found;
}

export type PartitionWithPasses = Partition & { readonly passes: readonly PartitionPass[] };

/** Partitions by id as they are now, in the order of the ids, with their passes in order. */
export async function readPartitionsById(db: Db, ids: readonly number[]): Promise<PartitionWithPasses[]> {
  const sql = `SELECT ${columns} FROM run_partition WHERE partition_id IN (?)`;
  const rows = new Map((await select<Partition>(db, sql, [ids], reading)).map((row) => [row.partitionId, row]));
  const sqlOfPasses = `SELECT ${passColumns} FROM run_partition_pass q WHERE q.partition_id IN (?) ORDER BY q.partition_id, q.pass`;
  const passes = byPartition(await select<PartitionPass>(db, sqlOfPasses, [ids]));
  return ids.map((id) => {
    const row = rows.get(id);
    if (row === undefined) throw new Error(`partition ${id} is gone`);
    return { ...row, passes: passes.get(id) ?? [] };
  });
}

/** One of them. */
export async function readPartition(db: Db, partitionId: number): Promise<PartitionWithPasses> {
  return (await readPartitionsById(db, [partitionId]))[0] as PartitionWithPasses;
}

/**
 * Claims partitions that are pending or whose lease has run out, and records the claims in the job history.
 * @returns their fences, or undefined when somebody else was faster with one of them; then the caller rolls back the transaction
 */
export async function claimPartitions(
  tx: Tx,
  partitions: readonly Pick<Partition, 'partitionId' | 'epoch' | 'cursorId'>[],
  owner: string,
  executionId: number,
  leaseMs: number,
): Promise<Fence[] | undefined> {
  const ids = partitions.map(({ partitionId }) => partitionId);
  const claimed = await change(
    tx,
    `UPDATE run_partition SET status = 'RUNNING', owner = ?, epoch = epoch + 1, lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND,
       claims = IF(seq > claimed_seq, 1, claims + 1), claimed_seq = seq, updated_at = UTC_TIMESTAMP(3)
     WHERE partition_id IN (?) AND ${ofEach('epoch', partitions)} AND (status = 'PENDING' OR (status = 'RUNNING' AND lease_until < UTC_TIMESTAMP(3)))`,
    [owner, leaseMs * 1000, ids, ...partitions.flatMap(({ partitionId, epoch }) => [partitionId, epoch])],
  );
  if (claimed !== partitions.length) return undefined;
  await endLostClaims(tx, ids);
  const claims = partitions.map(({ partitionId, epoch, cursorId }) => [partitionId, epoch + 1, executionId, cursorId]);
  await change(
    tx,
    `INSERT INTO partition_execution (partition_id, epoch, execution_id, status, from_cursor_id, started_at)
     VALUES ${claims.map(() => `(?, ?, ?, 'RUNNING', ?, UTC_TIMESTAMP(3))`).join(', ')}`,
    claims.flat(),
  );
  return partitions.map(({ partitionId, epoch }) => ({ partitionId, owner, epoch: epoch + 1 }));
}

/** Marks the lost claims of the partitions as lost, with the entries that they committed: all that no other claim recorded. */
async function endLostClaims(tx: Tx, ids: readonly number[]): Promise<void> {
  const lost = await select<{ partitionId: number; epoch: number; entries: string }>(
    tx,
    `SELECT c.partition_id AS partitionId, c.epoch, ${committedByOpenClaim('c')} AS entries
     FROM partition_execution c WHERE c.partition_id IN (?) AND c.status = 'RUNNING'`,
    [ids],
  );
  for (const { partitionId, epoch, entries } of lost)
    await change(
      tx,
      `UPDATE partition_execution SET status = 'LOST', entries = ?, ended_at = UTC_TIMESTAMP(3) WHERE partition_id = ? AND epoch = ?`,
      [entries, partitionId, epoch],
    );
}

/** The entries committed by a claim that has not ended: those of its partition that no earlier claim recorded. */
export const committedByOpenClaim = (claim: string): string =>
  `GREATEST(0, CAST((SELECT SUM(q.done) FROM run_partition_pass q WHERE q.partition_id = ${claim}.partition_id) AS SIGNED)
     + CAST((SELECT p.exceptions FROM run_partition p WHERE p.partition_id = ${claim}.partition_id) AS SIGNED)
     - CAST((SELECT COALESCE(SUM(o.entries), 0) FROM partition_execution o WHERE o.partition_id = ${claim}.partition_id AND o.epoch < ${claim}.epoch) AS SIGNED))`;

/** A condition on several partitions by id, each with its own value. The statement must also name the ids, for the index. */
const ofEach = (column: string, partitions: readonly unknown[]): string =>
  `${column} = CASE partition_id ${partitions.map(() => 'WHEN ? THEN ?').join(' ')} END`;

/** The fences of one owner: the ids, and the epochs as `ofEach` takes them. */
const idsOf = (fences: readonly Fence[]): number[] => fences.map(({ partitionId }) => partitionId);
const epochsOf = (fences: readonly Fence[]): number[] =>
  fences.flatMap(({ partitionId, epoch }) => [partitionId, epoch]);

/** Prolongs the lease of partitions that one claim holds; false when one of them belongs to somebody else or is done. */
export async function renewLease(db: Db, fences: readonly Fence[], leaseMs: number): Promise<boolean> {
  const renewed = await change(
    db,
    `UPDATE run_partition SET lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
     WHERE partition_id IN (?) AND owner = ? AND ${ofEach('epoch', fences)} AND status = 'RUNNING'`,
    [leaseMs * 1000, idsOf(fences), fences[0]?.owner ?? '', ...epochsOf(fences)],
  );
  return renewed === fences.length;
}

/** What a chunk adds to its partition. */
export interface ChunkStep {
  readonly pass: number;
  readonly seq: number;
  readonly cursorId: number;
  readonly done: number;
  readonly exceptions: number;
  readonly checkpoint: string | null;
  /** What follows: the same pass continues, another one waits to be claimed, or the partition is done. */
  readonly sequel: 'go-on' | 'done' | { readonly pass: number; readonly lo: number };
}

/** A condition of a statement. It always holds while a test has switched the guard off. */
const guarded = (guard: Guard, condition: string): string => (stands(guard) ? condition : `(${condition} OR TRUE)`);

/** Moves the partition under its fence: the first statement of a chunk's transaction. False: the partition is somebody else's. */
export async function moveFence(tx: Tx, fence: Fence, step: ChunkStep): Promise<boolean> {
  const { sequel } = step;
  const next = typeof sequel === 'object' ? sequel : { pass: step.pass, lo: step.cursorId };
  const status =
    sequel === 'go-on'
      ? ''
      : `, status = '${sequel === 'done' ? 'DONE' : 'PENDING'}', owner = NULL, lease_until = NULL`;
  const moved = await change(
    tx,
    `UPDATE run_partition SET seq = seq + 1, exceptions = exceptions + ?, pass = ?, cursor_id = ?, error_code = NULL,
       error_message = NULL, updated_at = UTC_TIMESTAMP(3)${status}
     WHERE partition_id = ? AND ${guarded('fence.owner', 'owner = ?')} AND ${guarded('fence.epoch', 'epoch = ?')}
       AND ${guarded('fence.seq', 'seq = ?')} AND status = 'RUNNING'`,
    [step.exceptions, next.pass, next.lo, fence.partitionId, fence.owner, fence.epoch, step.seq],
  );
  if (moved !== 1) return false;
  await change(
    tx,
    'UPDATE run_partition_pass SET done = done + ?, checkpoint = ? WHERE partition_id = ? AND pass = ?',
    [step.done, step.checkpoint, fence.partitionId, step.pass],
  );
  return true;
}

/**
 * Moves the partitions of a claim to the ends of their passes at once: the first statements of a transaction that does all of them. False: one
 * of them is somebody else's, and the caller rolls back the transaction.
 */
export async function moveFences(tx: Tx, fences: readonly Fence[], steps: readonly ChunkStep[]): Promise<boolean> {
  const values = (value: (step: ChunkStep) => unknown): unknown[] =>
    fences.flatMap(({ partitionId }, i) => [partitionId, value(steps[i] as ChunkStep)]);
  const set = `CASE partition_id ${fences.map(() => 'WHEN ? THEN ?').join(' ')} END`;
  const next = ({ sequel, pass, cursorId }: ChunkStep): { pass: number; lo: number } =>
    typeof sequel === 'object' ? sequel : { pass, lo: cursorId };
  const moved = await change(
    tx,
    `UPDATE run_partition SET seq = seq + 1, exceptions = exceptions + ${set}, pass = ${set}, cursor_id = ${set}, status = ${set},
       owner = NULL, lease_until = NULL, error_code = NULL, error_message = NULL, updated_at = UTC_TIMESTAMP(3)
     WHERE partition_id IN (?) AND ${guarded('fence.owner', 'owner = ?')} AND ${guarded('fence.epoch', ofEach('epoch', fences))}
       AND ${guarded('fence.seq', ofEach('seq', fences))} AND status = 'RUNNING'`,
    [
      ...values(({ exceptions }) => exceptions),
      ...values((step) => next(step).pass),
      ...values((step) => next(step).lo),
      ...values(({ sequel }) => (sequel === 'done' ? 'DONE' : 'PENDING')),
      idsOf(fences),
      fences[0]?.owner ?? '',
      ...epochsOf(fences),
      ...values(({ seq }) => seq),
    ],
  );
  if (moved !== fences.length) return false;
  await change(
    tx,
    `UPDATE run_partition_pass SET done = done + ${set}, checkpoint = ${set} WHERE partition_id IN (?) AND pass = ?`,
    [...values(({ done }) => done), ...values(({ checkpoint }) => checkpoint), idsOf(fences), steps[0]?.pass ?? 0],
  );
  return true;
}

/**
 * The outcome of a chunk whose connection was lost: `committed`, `not-committed` (do it again) or `lost` (somebody else took
 * over). The locking read waits for a commit in flight, which a plain read could miss.
 */
export async function chunkOutcome(tx: Tx, fence: Fence, seq: number): Promise<'committed' | 'not-committed' | 'lost'> {
  const [row] = await select<{ epoch: number; seq: number; owner: string | null }>(
    tx,
    'SELECT epoch, seq, owner FROM run_partition WHERE partition_id = ? FOR UPDATE',
    [fence.partitionId],
  );
  if (row === undefined || row.epoch !== fence.epoch) return 'lost';
  if (row.seq === seq + 1) return 'committed';
  return row.seq === seq && row.owner === fence.owner ? 'not-committed' : 'lost';
}

/** Why a claim ended before its pass was done. */
export interface ClaimFailure {
  readonly code: string;
  readonly message: string;
  /** Nobody tries again. */
  readonly final: boolean;
}

/**
 * Gives back the partitions of a claim, for anyone to claim or as failed. Returns how many of them were still ours.
 * @param counts false: the claim does not count towards the limit
 */
export async function releasePartitions(
  tx: Db,
  fences: readonly Fence[],
  counts: boolean,
  failure?: ClaimFailure,
): Promise<number> {
  return change(
    tx,
    `UPDATE run_partition SET status = ?, claims = claims - ?, owner = NULL, lease_until = NULL, error_code = ?, error_message = ?,
       updated_at = UTC_TIMESTAMP(3)
     WHERE partition_id IN (?) AND owner = ? AND ${ofEach('epoch', fences)} AND status = 'RUNNING'`,
    [
      failure?.final ? 'FAILED' : 'PENDING',
      counts ? 0 : 1,
      failure?.code ?? null,
      failure?.message ?? null,
      idsOf(fences),
      fences[0]?.owner ?? '',
      ...epochsOf(fences),
    ],
  );
}

/** Fails a partition that was claimed too often without progress, keeping its last error. */
export async function failPartition(db: Db, partition: Partition): Promise<void> {
  await change(
    db,
    `UPDATE run_partition SET status = 'FAILED', owner = NULL, lease_until = NULL, error_code = COALESCE(error_code, 'PARTITION_FAILED'),
       error_message = COALESCE(error_message, 'its workers died without an error'), updated_at = UTC_TIMESTAMP(3)
     WHERE partition_id = ? AND epoch = ? AND seq = ? AND status IN ('PENDING', 'RUNNING')`,
    [partition.partitionId, partition.epoch, partition.seq],
  );
}

/** Gives the failed partitions of a generation another set of claims: a new execution tries them again. */
export async function retryFailedPartitions(db: Db, runId: number, generation: number): Promise<number> {
  return change(
    db,
    `UPDATE run_partition SET status = 'PENDING', claims = 0, updated_at = UTC_TIMESTAMP(3) WHERE run_id = ? AND generation = ? AND status = 'FAILED'`,
    [runId, generation],
  );
}

/** Records how a claim ended; `entries` are those of each of its partitions. */
export async function endPartitionExecutions(
  db: Db,
  fences: readonly Fence[],
  end: {
    status: string;
    entries: readonly number[];
    chunks: number;
    errorCode: string | null;
    errorMessage: string | null;
  },
): Promise<void> {
  const entries = fences.flatMap(({ partitionId }, i) => [partitionId, end.entries[i] ?? 0]);
  await change(
    db,
    `UPDATE partition_execution SET status = ?, entries = CASE partition_id ${fences.map(() => 'WHEN ? THEN ?').join(' ')} END, chunks = ?,
       error_code = ?, error_message = ?, ended_at = UTC_TIMESTAMP(3)
     WHERE partition_id IN (?) AND ${ofEach('epoch', fences)} AND status = 'RUNNING'`,
    [end.status, ...entries, end.chunks, end.errorCode, end.errorMessage, idsOf(fences), ...epochsOf(fences)],
  );
}
