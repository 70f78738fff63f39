/** Runs jest in a copy of the checkout and reports the outcome. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `passed`; `failed` with the first failed test; `broken`: no test ran, so nothing is known.
 * @typedef {{ outcome: 'passed' | 'failed' | 'broken', detail: string }} Finding
 */

/** Process groups of jest and of all that its tests start. @type {Set<number>} */
const groups = new Set();

/** Ends what still runs. */
export function endTests() {
  for (const group of groups) process.kill(-group, 'SIGKILL');
}

/**
 * @param {string} folder
 * @param {readonly string[]} files
 * @param {string | undefined} only the tests to run, as jest's `-t` takes it
 * @param {number} limitMs the tests are ended after this time, and count as failed
 * @returns {Promise<Finding>}
 */
export async function runTests(folder, files, only, limitMs) {
  const resultFile = join(folder, '.result.json');
  rmSync(resultFile, { force: true });
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const how = ['--runInBand', '--bail', '--json', `--outputFile=${resultFile}`, '--cacheDirectory=.jest-cache'];
  const args = [...jest, ...how, ...(only === undefined ? [] : ['-t', only]), '--runTestsByPath', ...files];
  const child = spawn(process.execPath, args, { cwd: folder, detached: true, stdio: 'ignore' });
  const group = /** @type {number} */ (child.pid);
  groups.add(group);
  let overdue = false;
  const limit = setTimeout(() => {
    overdue = true;
    process.kill(-group, 'SIGKILL');
  }, limitMs);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  groups.delete(group);
  return overdue ? { outcome: 'failed', detail: `the tests did not end within ${limitMs / 1000} s` } : read(resultFile);
}

/**
 * @param {string} resultFile
 * @returns {Finding}
 */
function read(resultFile) {
  let result;
  try {
    result = JSON.parse(readFileSync(resultFile, 'utf8'));
  } catch {
    return { outcome: 'broken', detail: 'jest ended without a result' };
  }
  const tests = result.testResults.flatMap((/** @type {any} */ file) => file.assertionResults);
  const failed = tests.find((/** @type {any} */ test) => test.status === 'failed');
  if (failed !== undefined) return { outcome: 'failed', detail: failed.fullName };
  const unloaded = result.testResults.find((/** @type {any} */ file) => file.status === 'failed');
  if (unloaded !== undefined) return { outcome: 'broken', detail: unloaded.message.split('\n', 3).join(' ') };
  if (result.numPassedTests === 0) return { outcome: 'broken', detail: 'no test has this name' };
  return { outcome: 'passed', detail: '' };
}
