/** Threads that read in one view: whatever is committed while their snapshots are opened, all see the same. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ViewReader } from '../../batch/engine/job.js';
import { inSharedView, type SharedView } from '../../batch/engine/shared-view.js';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { readConfig } from '../../infra/config.js';
import { change, type Db, select } from '../../infra/database.js';
import { armFaults } from '../../infra/faults.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';

type Marks = SharedView<number | string, number, number>;
const PIECES = [1, 2, 3, 4, 5, 6];

let database: TestDatabase;
let pools: WorkerPools;
beforeAll(async () => {
  database = await createEmptyDatabase();
  await database.db.raw('CREATE TABLE mark (id INT PRIMARY KEY, n INT NOT NULL)');
  pools = new WorkerPools(
    readConfig({ NODE_ENV: 'test' }),
    database.url,
    new URL('../support/counting-worker.mjs', import.meta.url),
  );
});
afterAll(async () => {
  await pools.close();
  await database.drop();
});
beforeEach(async () => {
  await database.db.raw('DELETE FROM mark');
  await database.db.raw('INSERT INTO mark VALUES (1, 10), (2, 20), (3, 30), (4, 40), (5, 50), (6, 60)');
});
afterEach(() => armFaults(null));

/** The main thread's side; `meanwhile` is called between its own snapshot and those of the threads. */
const reader = (
  meanwhile: () => Promise<unknown> = async () => undefined,
): ViewReader<null, number | string, number, number> => ({
  name: 'marks',
  stateOf: async (snapshot) => {
    const state = await sumOf(snapshot);
    await meanwhile();
    return String(state);
  },
  open: async (snapshot, _input, onEntries) => {
    let sum = 0;
    const read = async (id: number | string): Promise<number> => {
      const [row] = await select<{ n: number }>(snapshot, 'SELECT n FROM mark WHERE id = ?', [id]);
      onEntries(1);
      sum += row?.n ?? 0;
      return row?.n ?? 0;
    };
    return { read, sum: () => sum };
  },
});

const sumOf = async (db: Db): Promise<number> =>
  Number((await select<{ n: string }>(db, 'SELECT SUM(n) AS n FROM mark'))[0]?.n);

function inView<T>(
  use: (view: Marks) => Promise<T>,
  more: {
    workers?: number;
    meanwhile?: () => Promise<unknown>;
    signal?: AbortSignal;
    onProgress?: (n: number) => void;
  } = {},
): Promise<T> {
  const { workers = 2, signal = new AbortController().signal, onProgress = () => undefined } = more;
  return inSharedView(
    { db: database.db, pools, signal, onProgress },
    { reader: reader(more.meanwhile), input: null, workers },
    use,
  );
}

/** Raises the first mark, `times` times in all. */
function raising(times: number): () => Promise<unknown> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) await change(database.db, 'UPDATE mark SET n = n + 1 WHERE id = 1');
  };
}

describe('a view of several threads', () => {
  it.each([0, 1, 2, 5])('has a result for each piece in order, and the sum of each of %i threads', async (workers) => {
    const { results, sums } = await inView(({ read }) => read(PIECES), { workers });
    expect(results).toEqual([10, 20, 30, 40, 50, 60]);
    expect(sums).toHaveLength(Math.max(1, workers));
    expect(sums.reduce((all, one) => all + one, 0)).toBe(210);
  });

  it('is opened again when something was committed between two of its snapshots', async () => {
    const meanwhile = raising(3);
    const [own, { results }] = await inView(
      async ({ snapshot, read }) => [await sumOf(snapshot), await read(PIECES)] as const,
      { meanwhile },
    );
    expect([own, results[0]]).toEqual([213, 13]);
  });

  it('would not be one without the comparison of their states', async () => {
    armFaults('off:view.state');
    const [own, { results }] = await inView(
      async ({ snapshot, read }) => [await sumOf(snapshot), await read(PIECES)] as const,
      { meanwhile: raising(1) },
    );
    expect([own, results[0]]).toEqual([210, 11]);
  });

  it('stays as it is while others commit', async () => {
    const results = await inView(async ({ snapshot, read }) => {
      const before = await read(PIECES);
      await change(database.db, 'UPDATE mark SET n = n + 1000');
      return [before.results, (await read(PIECES)).results, await sumOf(snapshot)];
    });
    expect(results).toEqual([[10, 20, 30, 40, 50, 60], [10, 20, 30, 40, 50, 60], 210]);
  });

  it('keeps its threads for the next one', async () => {
    expect((await inView(({ read }) => read(PIECES))).results[0]).toBe(10);
    await change(database.db, 'UPDATE mark SET n = 11 WHERE id = 1');
    expect((await inView(({ read }) => read(PIECES))).results[0]).toBe(11);
  });
});

describe('a view ends', () => {
  it('with what its user throws', async () => {
    await expect(inView(() => Promise.reject(new Error('the user has seen enough')))).rejects.toThrow('seen enough');
  });

  it('with the error of a thread, and its code', async () => {
    await expect(inView(({ read }) => read([1, 'fail', 2]))).rejects.toMatchObject({ code: 'SCHEMA_OUTDATED' });
    expect((await inView(({ read }) => read(PIECES))).results).toHaveLength(6);
  });

  it('when a thread dies', async () => {
    await expect(inView(({ read }) => read(['die', 1, 2]))).rejects.toThrow();
  });

  it.each([1, 2])('when it is aborted in the middle of a piece, with %i threads', async (workers) => {
    const abort = new AbortController();
    const reading = inView(({ read }) => read(['for ever', 'for ever', 'for ever']), {
      workers,
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
    expect((await inView(({ read }) => read(PIECES))).results).toHaveLength(6);
  });
});
