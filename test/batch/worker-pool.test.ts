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
