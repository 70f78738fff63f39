/** Scripts that run with what was compiled of them before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compiledFile, readScript, threadOf } from '../../infra/compiled-script.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-compiled-'));
const path = join(folder, 'sum.cjs');

/** A script that uses all it is given. */
const SUM = `const { basename } = require('node:path');
const { two } = require('./two.cjs');
exports.default = (a) => a + two + basename(__filename).length;`;

beforeEach(() => {
  rmSync(compiledFile(path), { force: true });
  writeFileSync(path, SUM);
  writeFileSync(join(folder, 'two.cjs'), 'exports.two = 2;');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sumOfOne = () => (threadOf(pathToFileURL(path)) as (a: number) => number)(1);

describe('a script', () => {
  it('runs where nothing was compiled of it', () => {
    expect(readScript(path).script.cachedDataRejected).toBeUndefined();
    expect(sumOfOne()).toBe(10);
  });

  it('runs with what was compiled of it', () => {
    const { script, run } = readScript(path);
    run();
    writeFileSync(compiledFile(path), script.createCachedData());
    expect(readScript(path).script.cachedDataRejected).toBe(false);
    expect(sumOfOne()).toBe(10);
  });

  it('runs where what lies there is something else', () => {
    writeFileSync(path, `${SUM} // V8 remembers the text of the other cases`);
    writeFileSync(compiledFile(path), 'not made by V8');
    expect(readScript(path).script.cachedDataRejected).toBe(true);
    expect(sumOfOne()).toBe(10);
  });
});
