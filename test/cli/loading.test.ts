/** What a command loads: nothing that it does not need, so that it starts fast. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Command, Help } from 'commander';
import { commands } from '../../cli/command-line.js';
import { environment, startProcess } from '../../scripts/chaos/magam.mjs';

interface Loaded {
  /** Files of the product, as `cli/main`. */
  readonly own: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
}

/** The program as it is compiled, file by file; what is bundled is divided in the same way. */
const COMPILED = 'dist/cli/main.js';
const BUNDLED = 'dist/bundle/main.js';
const SILENT = { code: 0, stderr: '' };

/** Node writes down which scripts it has run when it is asked for coverage. */
async function scriptsOf(program: string, args: readonly string[], expected: object = SILENT): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'magam-loaded-'));
  try {
    const env = environment('mysql://nobody@127.0.0.1:1', { NODE_V8_COVERAGE: folder });
    const ended = await startProcess(process.execPath, [program, ...args], { env }).ended;
    expect(ended).toMatchObject(expected);
    return readdirSync(folder).flatMap((name): string[] =>
      JSON.parse(readFileSync(join(folder, name), 'utf8')).result.map(({ url }: { url: string }) => url),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function loadedBy(...args: string[]): Promise<Loaded> {
  const urls = await scriptsOf(COMPILED, args);
  const found = (pattern: RegExp) => new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []));
  return { own: found(/\/dist\/(.*)\.js$/), packages: found(/\/node_modules\/(@[^/]+\/[^/]+|[^/]+)/) };
}

describe('magam', () => {
  it.each(['--version', '--help', 'help'])('%s loads no command', async (word) => {
    const { own, packages } = await loadedBy(word);
    expect([...own].filter((it) => !it.startsWith('kernel/')).sort()).toEqual(['cli/command-line', 'cli/main']);
    expect([...packages]).toEqual(['commander']);
  });

  it('--version reads no script of the bundle, and says the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const expected = { ...SILENT, stdout: `${version}\n` };
    const scripts = await scriptsOf(BUNDLED, ['--version'], expected);
    expect(scripts.filter((url) => url.endsWith('.cjs'))).toEqual([]);
    await scriptsOf(COMPILED, ['--version'], expected);
  });

  it.each([
    ['--help', false],
    ['runs', true],
  ])('the bundle evaluates the driver of the database for %s: %s', async (word, needed) => {
    const look = `import './${BUNDLED}';
      process.on('exit', () => console.error(process.moduleLoadList.includes('NativeModule tls')));`;
    const options = { env: environment('mysql://nobody@127.0.0.1:1', {}) };
    const args = ['--input-type=module', '-e', look, 'magam', word];
    const { stderr } = await startProcess(process.execPath, args, options).ended;
    expect(stderr).toMatch(new RegExp(`(^|\n)${needed}\n$`));
  });

  it('a bundled command takes the packages of many files from the bundle', async () => {
    // There is no database: the driver is loaded, and says so.
    const loaded = await scriptsOf(BUNDLED, ['runs'], { stderr: expect.stringContaining('DATABASE_UNAVAILABLE') });
    for (const name of ['knex', 'mysql2', 'zod'])
      expect(loaded.filter((url) => url.includes(`/node_modules/${name}/`))).toEqual([]);
  });

  it.each(['main.cjs', 'worker.cjs', 'import-thread.cjs'])('%s has only ASCII, as which it is read', (script) => {
    const text = readFileSync(`dist/bundle/${script}`, 'utf8');
    expect(/[^\0-\x7F]/.exec(text)).toBeNull();
  });

  it('each script starts from what was compiled by the build', async () => {
    const scripts = [
      ['worker.cjs'],
      ['import-thread.cjs'],
      ...['command', 'api', 'runner'].map((part) => ['main.cjs', part]),
    ];
    const look = `import { readScript } from './dist/infra/compiled-script.js';
      for (const [name, part] of ${JSON.stringify(scripts)})
        console.log(name, part, readScript('dist/bundle/' + name, part).script.cachedDataRejected);`;
    const { stdout } = await startProcess(process.execPath, ['--input-type=module', '-e', look]).ended;
    expect(stdout).toBe(scripts.map(([name, part]) => `${name} ${part} false\n`).join(''));
  });

  it.each(['runs', 'policies', 'verify', 'explain', 'settlements', 'imports'])(
    '%s loads neither the server, the runner nor the other commands',
    async (name) => {
      const { own, packages } = await loadedBy(name, '--help');
      const file = ['cli/import', 'cli/export'].find((it) => own.has(it)) ?? `cli/${name}`;
      const shared = [
        'audit',
        'command-line',
        'context',
        'main',
        'output',
        'progress',
        'runs-step',
        'text-file',
        'threads',
        'explanation-text',
        'totals-table',
      ];
      const others = [...shared.map((it) => `cli/${it}`), file];
      expect([...own].filter((it) => it.startsWith('cli/') && !others.includes(it))).toEqual([]);
      expect([...own].filter((it) => it.startsWith('api/') || it.startsWith('batch/runner/'))).toEqual([]);
      for (const heavy of ['express', 'ioredis', 'pino', 'yazl']) expect(packages).not.toContain(heavy);
    },
  );

  it('the server loads what sends mail only where there is a mail server', async () => {
    const { packages } = await loadedBy('api', '--help');
    expect(packages).not.toContain('nodemailer');
  });

  it('the runner loads what sends mail, and the client of other services, only where there is one to call', async () => {
    const { packages } = await loadedBy('runner', '--help');
    expect(packages).not.toContain('nodemailer');
    expect(packages).not.toContain('undici');
  });

  it.each(Object.entries(commands))('the list of commands says what %s takes', async (name, { load, takes }) => {
    const command = new Command(name);
    (await load())(command);
    expect(new Help().subcommandTerm(command)).toBe(takes === undefined ? name : `${name} ${takes}`);
  });
});
