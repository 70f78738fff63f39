/** `magam completion` in the shells of this machine: bash everywhere, and zsh and fish where they are installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commands } from '../../cli/command-line.js';
import { magam } from '../support/magam.js';

/** It needs none. */
const NO_DATABASE = 'mysql://nobody@127.0.0.1:1/none';
const folder = mkdtempSync(join(tmpdir(), 'magam-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));

const scriptOf = async (shell: string): Promise<string> => {
  const { code, stdout, stderr } = await magam(NO_DATABASE, ['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = join(folder, shell);
  writeFileSync(file, stdout);
  return file;
};
const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

/** What is typed up to the cursor, and what is offered. */
const EXPECTED: readonly (readonly [string, readonly string[]])[] = [
  ['magam se', ['seed', 'settle', 'settlements']],
  ['magam runs ', ['discard', 'exceptions', 'show', 'stop']],
  ['magam runs exceptions --a', ['--all']],
  ['magam settle --no', ['--no-wait']],
  ['magam settle --date y', ['yesterday']],
  ['magam import lines --late ', ['next-open-date']],
  ['magam lines --format ', ['csv', 'json', 'xlsx']],
  ['magam completion ', ['bash', 'fish', 'zsh']],
  ['magam help ver', ['verify']],
  ['magam cron -- settlem', ['settlements']],
  ['magam cron -- runs sh', ['show']],
  ['magam policies apply a', ['a file.json']],
];

describe('bash', () => {
  let file: string;
  beforeAll(async () => {
    file = await scriptOf('bash');
    writeFileSync(join(folder, 'a file.json'), '');
  });
  const complete = (line: string): string[] => {
    const words = line.split(' ');
    const code = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _magam; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['--norc', '-c', code, file, ...words], { cwd: folder, encoding: 'utf8' });
    return out
      .split('\n')
      .filter((word) => word !== '')
      .sort();
  };

  it.each(EXPECTED)('%s', (line, offered) => {
    expect(complete(line)).toEqual(offered);
  });

  it('offers every option that the help of a command shows', async () => {
    for (const command of ['seed', 'settle', 'runs', 'verify', 'import lines', 'whatif', 'sandbox', 'cron']) {
      const { stdout } = await magam(NO_DATABASE, [...command.split(' '), '--help']);
      const [own = ''] = stdout.split('Global Options:');
      const options = [...own.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option);
      expect([command, complete(`magam ${command} --`)]).toEqual([command, expect.arrayContaining(options)]);
    }
  });

  it('leaves no trace in the variables of the shell, and a file keeps its spaces', () => {
    const code = `before=$(compgen -v); source "$0"; COMP_WORDS=(magam settle --date ''); COMP_CWORD=3; COMPREPLY=(); _magam
      comm -13 <(echo "$before") <(compgen -v) | grep -vE '^(COMP|before|_|BASH|PIPESTATUS|FUNCNAME)' || true`;
    expect(execFileSync('bash', ['--norc', '-c', code, file], { encoding: 'utf8' })).toBe('');
  });
});

describe('zsh and fish', () => {
  it('zsh takes the script, where it is installed', async () => {
    const file = await scriptOf('zsh');
    const { status, stderr } = isInstalled('zsh')
      ? spawnSync('zsh', ['-n', file], { encoding: 'utf8' })
      : { status: 0, stderr: '' };
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('fish completes as bash does, where it is installed', async () => {
    const file = await scriptOf('fish');
    const complete = (line: string): string[] =>
      execFileSync('fish', ['--no-config', '-c', `source ${file}; complete -C ${JSON.stringify(line)}`], {
        cwd: folder,
        encoding: 'utf8',
      })
        .split('\n')
        .flatMap((row) => (row === '' ? [] : [row.split('\t')[0] ?? '']))
        .sort();
    const lines = isInstalled('fish') ? EXPECTED : [];
    expect(lines.map(([line]) => [line, complete(line)])).toEqual(lines);
  });

  it('all three know every command and every option', async () => {
    const files = await Promise.all(['bash', 'zsh', 'fish'].map(scriptOf));
    const { stdout } = await magam(NO_DATABASE, ['settle', '--help']);
    const options = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option = '']) => option);
    const wanted = [...Object.keys(commands), ...options];
    const lacking = files.map((file) => wanted.filter((word) => !readFileSync(file, 'utf8').includes(word)));
    expect(lacking).toEqual([[], [], []]);
  });
});

it('another shell is wrong usage', async () => {
  const { code, stderr } = await magam(NO_DATABASE, ['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
