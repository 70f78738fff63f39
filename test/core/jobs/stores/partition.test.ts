/** Claims, leases, fences and the fate of commits, statement by statement. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startExecution } from '../../../../core/jobs/stores/execution.js';
import { readExecutions } from '../../../../core/jobs/stores/job-history.js';
import {
  type ChunkStep,
  chunkOutcome,
  claimPartitions,
  type Fence,
  failPartition,
  moveFence,
  moveFences,
  readPartition,
  readPartitions,
  readPartitionsById,
  releasePartitions,
  renewLease,
} from '../../../../core/jobs/stores/partition.js';
import { insertPlan } from '../../../../core/jobs/stores/plan.js';
import { ensureRun, findRunById, type Run } from '../../../../core/jobs/stores/run.js';
import { change, inTransaction, select, type Tx } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';

const LEASE_MS = 60_000;
const EXECUTION = 1;

let database: TestDatabase;
let keys = 0;
let partitionId: number;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  keys += 1;
  partitionId = await inTransaction(database.db, async (tx) => {
    const { runId } = await ensureRun(tx, 'count', `key-${keys}`, 'RUNNING');
    await insertPlan(tx, runId, { generation: 1, gridSize: 1, parameters: null, plannedBy: EXECUTION }, [
      [{ lo: 0, hi: 100, entries: 100 }],
    ]);
    const [row] = await select<{ id: number }>(tx, 'SELECT partition_id AS id FROM run_partition WHERE run_id = ?', [
      runId,
    ]);
    return Number(row?.id);
  });
});

const now = () => readPartition(database.db, partitionId);
const claim = async (owner: string): Promise<Fence | undefined> => {
  const seen = await now();
  return (await inTransaction(database.db, (tx) => claimPartitions(tx, [seen], owner, EXECUTION, LEASE_MS)))?.[0];
};
const claimed = async (owner: string): Promise<Fence> => (await claim(owner)) as Fence;
const endLease = (): Promise<number> =>
  change(
    database.db,
    'UPDATE run_partition SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE partition_id = ?',
    [partitionId],
  );
const step = (seq: number): ChunkStep => ({
  pass: 0,
  seq,
  cursorId: 10 * (seq + 1),
  done: 10,
  exceptions: 0,
  checkpoint: null,
  sequel: 'go-on',
});
const move = (fence: Fence, seq: number): Promise<boolean> =>
  inTransaction(database.db, (tx) => moveFence(tx, fence, step(seq)));
const outcome = (fence: Fence, seq: number) => inTransaction(database.db, (tx) => chunkOutcome(tx, fence, seq));
const release = (fence: Fence): Promise<boolean> =>
  inTransaction(database.db, async (tx) => (await releasePartitions(tx, [fence], true)) === 1);

describe('a claim', () => {
  it('is one at a time, and counts the epoch', async () => {
    expect(await claim('a')).toEqual({ partitionId, owner: 'a', epoch: 1 });
    expect(await claim('b')).toBeUndefined();
    expect(await now()).toMatchObject({ epoch: 1, status: 'RUNNING' });
  });

  it('can be taken by another when the lease is over, under the next epoch', async () => {
    await claim('a');
    await endLease();
    expect(await claim('b')).toEqual({ partitionId, owner: 'b', epoch: 2 });
    expect((await now()).epoch).toBe(2);
  });

  it('that is under way or lost is shown with the entries that it has committed', async () => {
    const { db } = database;
    const { runId } = (
      await select<{ runId: number }>(db, 'SELECT run_id AS runId FROM run_partition WHERE partition_id = ?', [
        partitionId,
      ])
    )[0] as {
      runId: number;
    };
    const run = (await findRunById(db, runId)) as Run;
    const begin = () =>
      startExecution(
        db,
        run,
        { gridSize: 1, workers: 1, chunkRows: 10, requestedBy: 'test' },
        { host: 'h', pid: 1, leaseMs: LEASE_MS },
      );
    const claimFor = async (executionId: number): Promise<Fence> => {
      const seen = await now();
      const fences = await inTransaction(db, (tx) =>
        claimPartitions(tx, [seen], `of ${executionId}`, executionId, LEASE_MS),
      );
      return fences?.[0] as Fence;
    };
    const entries = async () => (await readExecutions(db, runId)).map((one) => one.entries);
    const first = await begin();
    const fence = await claimFor(first);
    for (const seq of [0, 1, 2]) await move(fence, seq);
    expect(await entries()).toEqual([30]);
    await endLease();
    const second = await begin();
    const next = await claimFor(second);
    await move(next, 3);
    expect(await entries()).toEqual([30, 10]);
    await endLease();
    await claimFor(await begin());
    expect(await entries()).toEqual([30, 10, 0]);
  });

  it('without progress is counted; progress resets the count', async () => {
    const first = await claimed('a');
    await release(first);
    const second = await claimed('a');
    expect((await now()).claims).toBe(2);
    await move(second, 0);
    await release(second);
    await claim('a');
    expect(await now()).toMatchObject({ claims: 1, claimedSeq: 1 });
  });
});

describe('a process that has lost a partition', () => {
  it('neither prolongs its lease nor gives it back, nor moves it', async () => {
    const lost = await claimed('a');
    await endLease();
    const held = await claimed('b');
    expect(await renewLease(database.db, [lost], LEASE_MS)).toBe(false);
    expect(await release(lost)).toBe(false);
    expect(await move(lost, 0)).toBe(false);
    expect(await now()).toMatchObject({ epoch: 2, seq: 0, status: 'RUNNING' });
    expect(await renewLease(database.db, [held], LEASE_MS)).toBe(true);
    expect(await move(held, 0)).toBe(true);
    expect(await release(held)).toBe(true);
  });
});

describe('the fate of a commit', () => {
  it('is known by seq while the partition is held', async () => {
    const fence = await claimed('a');
    expect(await outcome(fence, 0)).toBe('not-committed');
    await move(fence, 0);
    expect(await outcome(fence, 0)).toBe('committed');
    await move(fence, 1);
    expect(await outcome(fence, 0)).toBe('lost');
  });

  it('is of no matter when the partition was given back, or another has moved it', async () => {
    const fence = await claimed('a');
    await release(fence);
    expect(await outcome(fence, 0)).toBe('lost');
    const next = await claimed('b');
    expect(await outcome(fence, 0)).toBe('lost');
    await move(next, 0);
    expect(await outcome(fence, 0)).toBe('lost');
  });
});

it('a partition that has moved since it was looked at is not failed', async () => {
  const fence = await claimed('a');
  const seen = await now();
  await move(fence, 0);
  await failPartition(database.db, seen);
  expect((await now()).status).toBe('RUNNING');
  await failPartition(database.db, await now());
  expect(await now()).toMatchObject({ status: 'FAILED', errorCode: 'PARTITION_FAILED' });
});

describe('several partitions at once', () => {
  let ids: number[];
  beforeEach(async () => {
    ids = await inTransaction(database.db, async (tx) => {
      const { runId } = await ensureRun(tx, 'count', `several-${keys}`, 'RUNNING');
      const ranges = [0, 10, 20].map((lo) => [
        { lo, hi: lo + 10, entries: 10 },
        { lo: 0, hi: 5, entries: 5 },
      ]);
      await insertPlan(tx, runId, { generation: 1, gridSize: 3, parameters: null, plannedBy: EXECUTION }, ranges);
      return (await readPartitions(tx, runId, 1)).map((partition) => partition.partitionId);
    });
  });

  const all = () => readPartitionsById(database.db, ids);
  const claimAll = async (owner: string) => {
    const seen = await all();
    return allOrNone((tx) => claimPartitions(tx, seen, owner, EXECUTION, LEASE_MS));
  };
  const steps = (seq = 0): ChunkStep[] => [
    { ...{ pass: 0, seq, cursorId: 10, done: 10, exceptions: 0 }, checkpoint: 'a', sequel: { pass: 1, lo: 0 } },
    { ...{ pass: 0, seq, cursorId: 20, done: 8, exceptions: 2 }, checkpoint: 'b', sequel: { pass: 1, lo: 0 } },
    { ...{ pass: 0, seq, cursorId: 30, done: 10, exceptions: 0 }, checkpoint: null, sequel: 'done' },
  ];
  const moveAll = (fences: readonly Fence[], seq = 0) => allOrNone((tx) => moveFences(tx, fences, steps(seq)));
  /** Rolls back what was refused, as the engine does. */
  const allOrNone = async <T>(work: (tx: Tx) => Promise<T>): Promise<T | undefined> => {
    const refused = new Error('refused');
    const outcome = inTransaction(database.db, async (tx) => {
      const result = await work(tx);
      if (result === undefined || result === false) throw refused;
      return result;
    });
    return outcome.catch((error: unknown) => {
      if (error !== refused) throw error;
      return undefined;
    });
  };

  it('are claimed all or none', async () => {
    const fences = (await claimAll('a')) as Fence[];
    expect(fences).toEqual(ids.map((partitionId) => ({ partitionId, owner: 'a', epoch: 1 })));
    expect(await claimAll('b')).toBeUndefined();
    await inTransaction(database.db, (tx) => releasePartitions(tx, fences.slice(1), true));
    expect(await claimAll('b')).toBeUndefined();
    await inTransaction(database.db, (tx) => releasePartitions(tx, fences.slice(0, 1), true));
    expect(await claimAll('b')).toHaveLength(3);
  });

  it('move to the ends of their passes, each with its own counts and checkpoint', async () => {
    const fences = (await claimAll('a')) as Fence[];
    expect(await moveAll(fences)).toBe(true);
    expect(await all()).toMatchObject([
      { status: 'PENDING', seq: 1, pass: 1, cursorId: 0, exceptions: 0 },
      { status: 'PENDING', seq: 1, pass: 1, cursorId: 0, exceptions: 2 },
      { status: 'DONE', seq: 1, pass: 0, cursorId: 30, exceptions: 0 },
    ]);
    expect((await all()).map(({ passes }) => [passes[0]?.done, passes[0]?.checkpoint, passes[1]?.done])).toEqual([
      [10, 'a', 0],
      [8, 'b', 0],
      [10, null, 0],
    ]);
  });

  it.each([
    ['owner', { owner: 'b' }, 0],
    ['epoch', { epoch: 2 }, 0],
    ['seq', {}, 1],
  ])('do not move where their %s is another', async (_name, other, seq) => {
    const [first, ...rest] = (await claimAll('a')) as [Fence, ...Fence[]];
    const fences = [{ ...first, ...other }, ...rest];
    expect(await moveAll(fences, seq)).toBeUndefined();
    expect((await all()).map(({ seq: now, status }) => [now, status])).toEqual([0, 0, 0].map((n) => [n, 'RUNNING']));
  });

  it('have one lease', async () => {
    const fences = (await claimAll('a')) as Fence[];
    expect(await renewLease(database.db, fences, LEASE_MS)).toBe(true);
    await inTransaction(database.db, (tx) => releasePartitions(tx, fences.slice(2), true));
    expect(await renewLease(database.db, fences, LEASE_MS)).toBe(false);
  });
});
