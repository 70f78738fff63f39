#!/usr/bin/env node
/**
 * The script of `npm test`: set-up, services, then jest; the arguments are passed on to jest. The services are private ones for tests, in memory where there is
 * room, unless MAGAM_DATABASE_URL or MAGAM_REDIS_URL name others.
 *
 * With `--mysql` (`npm run test:mysql`) the database is a MySQL server: the given one, or a private one that is stopped afterwards. jest-args.mjs says which files run.
 *
 * The last line of standard output is `N passed, N failed` (`, N skipped` if any); the exit code is jest's.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jestArgs } from './jest-args.mjs';
import { root, run, ScriptError } from './script.mjs';
import { startTestServices, stopServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

/** Tests make much that lives shortly: with a larger nursery (MiB) the collector takes a twentieth less of the whole. */
const NURSERY = '--max-semi-space-size=64';

const THREADS = ['worker.cjs', 'import-thread.cjs'];

/** The threads of the tests' own processes start from what was compiled with this flag. */
function keepCompiled() {
  const { status } = spawnSync(process.execPath, [NURSERY, 'scripts/code-cache.mjs', ...THREADS], {
    cwd: root,
    stdio: [0, 2, 2],
  });
  if (status !== 0) throw new ScriptError('What is compiled of the worker threads could not be kept (see above).');
}

/**
 * Runs jest and prints the closing line.
 * @param {string[]} args
 * @param {{ databaseUrl: string, redisUrl: string }} services
 */
function runJest(args, { databaseUrl, redisUrl }) {
  const folder = mkdtempSync(join(tmpdir(), 'magam-test-'));
  try {
    const resultFile = join(folder, 'result.json');
    const node = [
      NURSERY,
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
    ];
    // Two more than the cores of a small machine, because a file that starts processes waits for a third of its time, for a lease or a process to end.
    // Not all memory of a file's modules is released, and the garbage collector scans it again and again, so a worker that has grown is replaced.
    const jest = ['--maxWorkers=4', '--workerIdleMemoryLimit=500MB', '--json', `--outputFile=${resultFile}`, ...args];
    const { status } = spawnSync(process.execPath, [...node, ...jest], {
      cwd: root,
      // --json would print the whole result on standard output; people read jest's report on standard error.
      stdio: ['inherit', 'ignore', 'inherit'],
      env: { ...process.env, MAGAM_DATABASE_URL: databaseUrl, MAGAM_REDIS_URL: redisUrl, MAGAM_TEST_FOLDER: folder },
    });
    process.stdout.write(`${closingLine(resultFile)}\n`);
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A file that could not be loaded has no tests; it counts as one failed test.
 * @param {string} resultFile
 */
function closingLine(resultFile) {
  try {
    const result = JSON.parse(readFileSync(resultFile, 'utf8'));
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    const skipped = result.numPendingTests + result.numTodoTests;
    return `${result.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  } catch {
    return '0 passed, 1 failed';
  }
}

await run(async () => {
  const given = process.argv.slice(2);
  const args = jestArgs(given);
  const { MAGAM_DATABASE_URL: databaseUrl, MAGAM_REDIS_URL: redisUrl } = process.env;
  await ensureBuilt();
  keepCompiled();
  if (!given.includes('--mysql') || databaseUrl)
    return runJest(args, await startTestServices({ databaseUrl, redisUrl }));
  const services = await startTestServices({ redisUrl, engine: 'mysql' });
  try {
    return runJest(args, services);
  } finally {
    if (services.started) await stopServices({ folder: services.folder, deleteData: true });
  }
});
