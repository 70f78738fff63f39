/** Which test files the commands run: each file by one of `npm test` and `npm run test:long`. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { jestArgs } from '../../scripts/jest-args.mjs';

const folder = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => `/test/${path}`);

/** The files that jest takes for these arguments. */
function takenBy(...given: string[]): string[] {
  const args = jestArgs(given);
  const ignored = args.flatMap((arg) => /^--testPathIgnorePatterns=(.*)$/.exec(arg)?.[1] ?? []);
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  return files.filter(
    (file) =>
      !ignored.some((pattern) => new RegExp(pattern).test(file)) &&
      (wanted.length === 0 || wanted.some((pattern) => new RegExp(pattern).test(file))),
  );
}

const long = files.filter((file) => file.includes('.long.'));

it('runs each file by npm test or by npm run test:long', () => {
  expect(takenBy('--long')).toEqual(long);
  expect(takenBy('--maxWorkers=1')).toEqual(files.filter((file) => !long.includes(file)));
  expect(long.length).toBeGreaterThan(0);
});

it('runs all on MySQL', () => {
  expect(takenBy('--mysql')).toEqual(files);
});

it.each([[], ['--long'], ['--mysql'], ['--quick']])('runs a file that is named, and no other: %p', (...flags) => {
  expect(takenBy(...flags, 'batch/outages')).toEqual(['/test/batch/outages.long.test.ts']);
  expect(takenBy(...flags, '--bail', 'batch/outages')).toEqual(['/test/batch/outages.long.test.ts']);
});

it.each(['-t', '--testNamePattern', '-w', '--maxWorkers'])('takes the value of %s for no file', (option) => {
  const given = [option, '2'];
  expect(jestArgs(given)).toEqual([...jestArgs([]), ...given]);
  expect(jestArgs(['--long', ...given])).toEqual([...jestArgs(['--long']), ...given]);
});

it('runs rules, stores and imports quickly, without the long ones', () => {
  const quick = takenBy('--quick');
  expect(
    quick.filter(
      (file) => long.includes(file) || !/^\/test\/(kernel|infra|core\/.*\/(rules|stores|import))\//.test(file),
    ),
  ).toEqual([]);
  expect(quick.length).toBeGreaterThan(0);
});
