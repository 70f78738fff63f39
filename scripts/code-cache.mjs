#!/usr/bin/env node
/**
 * Keeps what V8 compiles of the scripts of `dist/bundle`, so that processes and worker threads need not compile it at every start (infra/compiled-script.ts). The last part of
 * `npm run build`. V8 takes it only with the flags that it was made with: `npm test`, whose own processes run Node with a flag, runs this with the same one for the scripts of
 * threads. What is there already is not made again.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { root, run } from './script.mjs';

/**
 * A script runs once for each call, with these words on its command line and these settings of its thread. What it has compiled then is kept: for one part of the
 * program, if a part is named. The help of a command loads all that the command needs; the database is not asked.
 * @type {{ script: string, part?: string, calls?: string[][], settings?: object }[]}
 */
const KEPT = [
  { script: 'worker.cjs', settings: { config: {}, databaseUrl: 'mysql://nobody@127.0.0.1:1/none', silenceSeconds: 1 } },
  {
    script: 'import-thread.cjs',
    settings: {
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
  },
  // The commands that are called most; the code of others is compiled when they are called.
  {
    script: 'main.cjs',
    part: 'command',
    calls: ['settle', 'settlements', 'import', 'verify', 'runs', 'migrate'].map((name) => [name, '--help']),
  },
  { script: 'main.cjs', part: 'api', calls: [['api', '--help']] },
  { script: 'main.cjs', part: 'runner', calls: [['runner', '--help']] },
];

/** @returns {Promise<typeof import('../infra/compiled-script.js')>} */
const compiledScript = () => import(new URL('../dist/infra/compiled-script.js', import.meta.url).href);

/**
 * In a thread: runs the script, so that V8 compiles what it needs.
 * @param {{ path: string, part?: string, calls?: string[][] }} kept
 */
async function keepCompiled({ path, part, calls = [[]] }) {
  const { compiledFile, readScript } = await compiledScript();
  const { script, run: evaluate } = readScript(path, part);
  for (const words of calls) {
    process.argv.splice(2, Number.POSITIVE_INFINITY, ...words);
    await /** @type {{ default: unknown }} */ (evaluate()).default;
  }
  const file = compiledFile(path, part);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, script.createCachedData());
  renameSync(draft, file); // nobody reads half of it
  process.exit(); // whatever the script has opened
}

if (isMainThread) {
  const only = process.argv.slice(2);
  await run(async () => {
    const { compiledFile } = await compiledScript();
    for (const { script, part, calls, settings } of KEPT) {
      const path = join(root, 'dist/bundle', script);
      if ((only.length > 0 && !only.includes(script)) || existsSync(compiledFile(path, part))) continue;
      const thread = new Worker(new URL(import.meta.url), {
        workerData: { path, part, calls, loaded: new SharedArrayBuffer(4), ...settings },
        stdout: true,
        stderr: true,
      });
      await new Promise((resolve, reject) => thread.once('error', reject).once('exit', resolve));
      if (!existsSync(compiledFile(path, part))) throw new Error(`${script} ended before its code could be kept`);
    }
    return 0;
  });
} else await keepCompiled(workerData);
