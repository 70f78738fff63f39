/** Until when a worker may commit: never as long as its lease, and no longer than it is known to last. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LeaseKeeper } from '../../../batch/engine/lease-keeper.js';
import { monotonicMs, SharedBoard } from '../../../batch/engine/protocol.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it("a worker's limit comes before the end of its lease, counted from when the claim was sent", () => {
  const board = SharedBoard.forWorkers(1);
  const keeper = new LeaseKeeper(database.db, board, { leaseMs: 10_000, chunkDeadlineMs: 60_000 });
  const sent = monotonicMs() - 4_000;
  keeper.hold([{ partitionId: 1, owner: 'me', epoch: 1 }], 0, sent, new AbortController());
  keeper.close();
  expect(board.limitOf(0)).toBeLessThan(sent + 10_000);
  expect(board.limitOf(0)).toBeGreaterThan(sent);
});

it('a partition that is not ours any more is not worked on from the next renewal on', async () => {
  const board = SharedBoard.forWorkers(1);
  const keeper = new LeaseKeeper(database.db, board, { leaseMs: 500, chunkDeadlineMs: 60_000 });
  keeper.hold([{ partitionId: 1, owner: 'nobody', epoch: 1 }], 0, monotonicMs() + 3_600_000, new AbortController());
  await until(() => board.limitOf(0) === 0, 'the refused renewal');
  keeper.close();
});

it('a worker that makes no progress within the chunk deadline is ended', async () => {
  const abort = new AbortController();
  const keeper = new LeaseKeeper(database.db, SharedBoard.forWorkers(1), { leaseMs: 500, chunkDeadlineMs: 1 });
  keeper.hold([{ partitionId: 1, owner: 'me', epoch: 1 }], 0, monotonicMs(), abort);
  await until(() => abort.signal.aborted, 'the end of the worker');
  keeper.close();
});
