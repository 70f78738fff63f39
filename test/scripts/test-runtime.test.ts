/** How files of tests share the modules of the product: jest runs such files one after another in a worker of a small checkout. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'magam-runtime-'));
  for (const path of [
    'test/support/jest',
    'test/support/longest-first.mjs',
    'test/support/end-processes.ts',
    'infra/faults.ts',
    'scripts',
  ])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  write('package.json', '{"type":"module"}');
  const { href } = new URL('../../jest.config.mjs', import.meta.url);
  write('jest.config.mjs', `import config from '${href}'; export default config;`);
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Runs files of tests in this order. @returns what became of each: `passed`, or its failure */
function run(files: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(files);
  for (const [at, [name, text]] of Object.entries(files).entries()) write(`test/${at}-${name}.test.ts`, text);
  const jest = ['--experimental-vm-modules', join(root, 'node_modules/jest/bin/jest.js')];
  const args = ['--runInBand', '--json', '--outputFile=result.json', '--cacheDirectory=cache'];
  spawnSync(process.execPath, [...jest, ...args], { cwd: folder, stdio: 'ignore' });
  const { testResults } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as {
    testResults: { name: string; status: string; message: string }[];
  };
  return Object.fromEntries(
    names.map((name, at) => {
      const { status, message } = testResults.find((result) => result.name.endsWith(`/${at}-${name}.test.ts`)) ?? {};
      return [name, status === 'passed' ? status : String(message)];
    }),
  );
}

const counts = (more: string, expected: number, imports = ''): string =>
  `import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
   import { expect, it, jest } from '@jest/globals';
   ${imports}
   it('counts', async () => {
     ${more}
     const { count, nameLater } = await import('../kernel/count.js');
     expect(count()).toBe(${expected});
     expect(await nameLater()).toBe('a name');
   });`;
const COUNT = `import { step } from './step.js';
  let n = 0;
  export const count = () => (n += step);
  export const nameLater = async () => (await import('./name.js')).name;`;
/** The product of the small checkout: a module that counts, by steps of another one. */
function writeProduct(step: string): void {
  write('kernel/step.ts', step);
  write('kernel/count.ts', COUNT);
  write('kernel/name.ts', `export const name: string = 'a name';`);
}

it('a module is evaluated once for all files, and anew for a file that replaces modules', () => {
  writeProduct('export const step: number = 1;');
  const replacing = `jest.unstable_mockModule('../kernel/step.js', () => ({ step: 10 }));`;
  expect(
    run({ first: counts('', 1), second: counts('', 2), replacing: counts(replacing, 10), last: counts('', 3) }),
  ).toEqual({ first: 'passed', second: 'passed', replacing: 'passed', last: 'passed' });
});

it('what a file could not load is loaded again by the next one', () => {
  writeProduct(`export const step: number = 1; if (process.env.BROKEN) throw new Error('broken');`);
  write('kernel/missing.ts', `import './count.js'; import './nowhere.js';`);
  const results = run({
    broken: `process.env.BROKEN = 'yes'; const { count } = await import('../kernel/count.js'); count();`,
    missing: counts('', 1, `import '../kernel/missing.js';`),
    last: counts('', 1),
  });
  expect(results).toEqual({
    broken: expect.stringContaining('broken'),
    missing: expect.stringContaining('nowhere'),
    last: 'passed',
  });
});

it('a changed file is read again, and one that is gone holds nobody up', () => {
  writeProduct('export const step: number = 1;');
  write('kernel/gone.ts', 'export const gone: number = 1;');
  const change = `writeFileSync('kernel/step.ts', 'export const step: number = 5;'); utimesSync('kernel/step.ts', 1, 1);`;
  const results = run({
    first: counts(`await import('../kernel/gone.js');`, 1),
    changing: counts(`${change} rmSync('kernel/gone.ts');`, 2),
    changed: counts('', 5),
    last: counts('', 10),
  });
  expect(results).toEqual({ first: 'passed', changing: 'passed', changed: 'passed', last: 'passed' });
});

it('a fault that a file has armed ends with it', () => {
  const faults = `import { expect, it } from '@jest/globals'; import { armFaults, faultSetting, processClock, stands } from '../infra/faults.js';`;
  const results = run({
    arming: `${faults} it('arms', () => { armFaults('clock:1000,off:turn'); expect(stands('turn')).toBe(false); });`,
    next: `${faults} it('sees none', () => {
      expect([faultSetting(), stands('turn'), processClock() - Date.now() > 500_000]).toEqual([null, true, false]);
    });`,
  });
  expect(results).toEqual({ arming: 'passed', next: 'passed' });
});

/** What begins empty at the top of a module, or may be replaced there. */
const KEPT =
  /^(?:export )?(?:let (\w+)|const (\w+)(?:: [^=]+)? = (?:new (?!RegExp|Intl)[A-Z]\w*(?:<.*>)?\(\)|\[\]|\{\});)/gm;

it('modules of the product keep nothing else for the next file', () => {
  const kept = ['kernel', 'infra', 'core', 'api', 'batch', 'cli', 'sandbox'].flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) =>
        [...readFileSync(join(root, name, path), 'utf8').matchAll(KEPT)].map(
          ([, variable, constant]) => `${name}/${path} ${variable ?? constant}`,
        ),
      ),
  );
  expect(kept.sort()).toEqual(
    [
      // Filled as the module is loaded.
      'kernel/currency.ts exponents',
      // The same answer to the same question, in whichever file it is asked first.
      'core/business-days/rules/lunar.ts dangi',
      'core/feed/import/field-reader.ts days',
      'core/policies/rules/policy-file.ts schemas',
      'infra/time-zone.ts canonical',
      // Never filled.
      'batch/jobs/settle/dry-run-range.ts none',
      'batch/jobs/verify/line-replay.ts NONE_REFUSED',
      'core/payouts/rules/file-transfer-state.ts NO_STEP',
      // Room that is written before it is read.
      'core/feed/import/block-reader.ts recordBytes',
      'core/settlement/stores/line.ts rowBytes',
      // Of one transaction, one call, or policies that are compared with those of the database.
      'api/edge/request-state.ts current',
      'batch/jobs/settle/dry-run-range.ts policies',
      'core/stock/stores/crossings.ts noted',
      // Put back after each file (test/support/end-processes.ts, test/support/kept-threads.ts).
      'cli/threads.ts open',
      'infra/faults.ts armed',
      'infra/faults.ts armedSetting',
      'infra/faults.ts clockAheadMs',
      'infra/faults.ts off',
    ].sort(),
  );
});
