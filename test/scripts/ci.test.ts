/** `.ci/run` in a folder of its own, where other programs stand for npm and for the script of the services. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

const folder = mkdtempSync(join(tmpdir(), 'magam-ci-'));
beforeAll(() => {
  for (const name of ['.ci', 'bin']) mkdirSync(join(folder, name));
  copyFileSync(fileURLToPath(new URL('../../.ci/run', import.meta.url)), join(folder, '.ci/run'));
  program('node', 'exit 0');
});
afterAll(() => rmSync(folder, { recursive: true }));

const program = (name: string, text: string): void =>
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

/** Runs it where npm does this for some of its arguments, and nothing for others. @returns its last line and exit code */
function run(does: Readonly<Record<string, string>>): readonly [string | undefined, number | null] {
  const cases = Object.entries(does).map(([args, text]) => `'${args}') ${text};;`);
  program('npm', `case "$*" in\n${cases.join('\n')}\nesac`);
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
  const { stdout, status } = spawnSync('bash', [join(folder, '.ci/run')], { env, encoding: 'utf8' });
  return [stdout.trimEnd().split('\n').at(-1), status];
}

const LONG = 'run test:long';

it.each([
  [
    'adds up the counts of both commands',
    { test: 'echo 10 passed, 0 failed', [LONG]: 'echo 5 passed, 0 failed' },
    '15 passed, 0 failed',
    0,
  ],
  [
    'fails where tests fail',
    { test: 'echo 9 passed, 1 failed; exit 1', [LONG]: 'echo 5 passed, 0 failed' },
    '14 passed, 1 failed',
    1,
  ],
  [
    'fails where a command prints no count',
    { test: 'echo 10 passed, 0 failed', [LONG]: 'true' },
    '10 passed, 1 failed',
    1,
  ],
  ['fails where no command prints one', { test: 'exit 1' }, '0 passed, 2 failed', 1],
  [
    'takes the last count of a command, and none of the others',
    { test: 'echo 7 passed, 0 failed; echo 10 passed, 0 failed, 1 skipped', 'run check': 'echo 3 passed, 0 failed' },
    '10 passed, 1 failed',
    1,
  ],
  [
    'fails where a check fails',
    { test: 'echo 1 passed, 0 failed', [LONG]: 'echo 1 passed, 0 failed', 'run check': 'exit 1' },
    '2 passed, 0 failed',
    1,
  ],
])('%s', (_what, does, line, code) => {
  expect(run(does)).toEqual([line, code]);
});
