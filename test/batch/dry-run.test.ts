/** A dry run of which one piece fails. */
import { expect, it } from '@jest/globals';
import type { JobContext } from '../../batch/engine/job.js';
import { SharedBoard } from '../../batch/engine/protocol.js';
import { dryRunRanges } from '../../batch/jobs/settle/dry-run.js';
import { readConfig } from '../../infra/config.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';

it('tells the others to stop and waits for them, for the threads are given back then', async () => {
  const date = '2026-03-02';
  const database = await createTestDatabase();
  await magam(database.url, ['seed', '--lines', '40', '--sellers', '2', '--date', date]);
  const board = SharedBoard.forWorkers(2);
  const told: string[] = [];
  let pieces = 0;
  const runScan = async (): Promise<never> => {
    pieces += 1;
    if (pieces === 1) throw new Error('the first piece failed');
    await until(board.stopRequested, 'told to stop');
    told.push('stopped');
    throw new Error('a later piece was stopped');
  };
  // The threads, as far as a dry run sees them.
  const pools = { lend: (_: number, work: (pool: unknown) => Promise<unknown>) => work({ board, runScan }) };
  const context = {
    db: database.db,
    config: readConfig({}),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    pools: pools as unknown as JobContext['pools'],
  };
  const request = { date, gridSize: 2, workers: 2, chunkRows: 10 };
  await expect(dryRunRanges(context, request, 'feed', null)).rejects.toThrow('the first piece failed');
  expect(pieces).toBeGreaterThan(1);
  expect(told).toHaveLength(pieces - 1);
  await database.drop();
});
