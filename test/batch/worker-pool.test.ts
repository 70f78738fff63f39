/** The end of a pool of worker threads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { WorkerPool } from '../../batch/engine/worker-pool.js';
import { readConfig } from '../../infra/config.js';

it('waits for threads that are loading: Node may abort when such a thread is ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-pool-'));
  const loaded = join(folder, 'loaded');
  writeFileSync(loaded, '');
  const settings = { config: readConfig({}), databaseUrl: loaded, silenceSeconds: 1 };
  const pool = new WorkerPool(2, settings, new URL('../support/slow-worker.mjs', import.meta.url));
  await pool.close();
  expect(readFileSync(loaded, 'utf8')).toBe('loaded\nloaded\n');
  rmSync(folder, { recursive: true });
});
