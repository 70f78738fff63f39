#!/usr/bin/env node
/**
 * Keeps what V8 compiles of the worker threads' scripts, so that threads need not compile it at every start (infra/compiled-script.ts). The last part of `npm run build`.
 * V8 takes it only with the flags that it was made with: `npm test`, which starts Node with a flag, runs this with the same one. What is there already is not made again.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { root, run } from './script.mjs';

/** What the scripts want of those who start them. The database is not asked before there is a task. */
const THREADS = {
  'worker.cjs': { config: {}, databaseUrl: 'mysql://nobody@127.0.0.1:1/none', silenceSeconds: 1 },
  'import-thread.cjs': {
    layout: {
      kind: 'refunds',
      encoding: 'utf-8',
      lenient: false,
      header: ['refund_id', 'order_id', 'line_id', 'quantity', 'refunded_on'],
      mapping: {},
      timeZone: 'UTC',
      platformTimeZone: 'UTC',
      policies: [],
    },
  },
};

/** @returns {Promise<typeof import('../infra/compiled-script.js')>} */
const compiledScript = () => import(new URL('../dist/infra/compiled-script.js', import.meta.url).href);

/**
 * In a thread: runs the script, so that V8 compiles what loading it needs.
 * @param {string} path
 */
async function keepCompiled(path) {
  const { compiledFile, readScript } = await compiledScript();
  const { script, run: evaluate } = readScript(path);
  evaluate();
  const file = compiledFile(path);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, script.createCachedData());
  renameSync(draft, file); // nobody reads half of it
}

if (isMainThread) {
  await run(async () => {
    const { compiledFile } = await compiledScript();
    for (const [name, settings] of Object.entries(THREADS)) {
      const path = join(root, 'dist/bundle', name);
      if (existsSync(compiledFile(path))) continue;
      const thread = new Worker(new URL(import.meta.url), {
        workerData: { path, loaded: new SharedArrayBuffer(4), ...settings },
      });
      await new Promise((resolve, reject) => thread.once('error', reject).once('exit', resolve));
    }
    return 0;
  });
} else await keepCompiled(workerData.path);
