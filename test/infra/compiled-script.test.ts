/** Scripts that run with what was compiled of them before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compiledFile, exportOf, readScript } from '../../infra/compiled-script.js';
import { startProcess } from '../../scripts/chaos/magam.mjs';
import { root } from '../../scripts/script.mjs';

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

const sumOfOne = () => (exportOf(pathToFileURL(path)) as (a: number) => number)(1);

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

  it('has a file for each part of the program that runs it', () => {
    writeFileSync(path, `${SUM} // with parts`);
    const { script, run } = readScript(path, 'one');
    run();
    writeFileSync(compiledFile(path, 'one'), script.createCachedData());
    expect(readScript(path, 'one').script.cachedDataRejected).toBe(false);
    expect(readScript(path, 'two').script.cachedDataRejected).toBeUndefined();
    expect(readScript(path).script.cachedDataRejected).toBeUndefined();
  });

  it('names its sources in stack traces where Node is asked to', async () => {
    const exporting = `import { exportOf } from './dist/infra/compiled-script.js';
      exportOf(new URL(${JSON.stringify(pathToFileURL(path))}));`;
    const failing = { version: 3, sources: ['sum-source.ts'], names: [], mappings: 'AAAA' };
    const map = Buffer.from(JSON.stringify(failing)).toString('base64');
    writeFileSync(path, `throw new Error('no sum');\n//# sourceMappingURL=data:application/json;base64,${map}\n`);
    const run = (...flags: string[]) =>
      startProcess(process.execPath, [...flags, '--input-type=module', '-e', exporting], { cwd: root }).ended;
    expect((await run('--enable-source-maps')).stderr).toContain('sum-source.ts:1');
    expect((await run()).stderr).toContain('sum.cjs:1');
  });

  it('runs where what lies there is something else', () => {
    writeFileSync(path, `${SUM} // V8 remembers the text of the other cases`);
    writeFileSync(compiledFile(path), 'not made by V8');
    expect(readScript(path).script.cachedDataRejected).toBe(true);
    expect(sumOfOne()).toBe(10);
  });
});
