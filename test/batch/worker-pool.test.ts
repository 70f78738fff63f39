/** The end of worker threads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { readConfig } from '../../infra/config.js';

it('waits for threads that are loading: Node may abort when such a thread is ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-pool-'));
  const loaded = join(folder, 'loaded');
  writeFileSync(loaded, '');
  const pools = new WorkerPools(readConfig({}), loaded, new URL('../support/slow-worker.mjs', import.meta.url));
  await pools.lend(2, async () => undefined); // they start
  await pools.close();
  expect(readFileSync(loaded, 'utf8')).toBe('loaded\nloaded\n');
  rmSync(folder, { recursive: true });
});

it('starts no thread for work that may need none, until there is a piece of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-pool-'));
  const loaded = join(folder, 'loaded');
  writeFileSync(loaded, '');
  const pools = new WorkerPools(readConfig({}), loaded, new URL('../support/slow-worker.mjs', import.meta.url));
  await pools.lend(2, async () => undefined, '', false);
  await pools.close();
  expect(readFileSync(loaded, 'utf8')).toBe('');
  rmSync(folder, { recursive: true });
});

it('gives the seats to an older date before a younger one that was lent the threads earlier', async () => {
  const pools = new WorkerPools(readConfig({}), '/dev/null', new URL('../support/slow-worker.mjs', import.meta.url));
  const given = await pools.share(1, (lender) =>
    lender.lend(
      1,
      (younger) =>
        lender.lend(
          1,
          async (older) => {
            const first = [younger.takeSeat(), older.takeSeat()];
            older.leaveSeat(0);
            older.wantsSeats = false;
            return [...first, younger.takeSeat()];
          },
          '2026-03-01',
        ),
      '2026-03-02',
    ),
  );
  expect(given).toEqual([undefined, 0, 0]);
  await pools.close();
});
