/** The set-up of a checkout, in a small one whose build only notes that it ran. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

const checkout = mkdtempSync(join(tmpdir(), 'magam-setup-'));
const at = (path: string): string => join(checkout, path);

const BUILD = `
  import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
  appendFileSync('built', 'x');
  mkdirSync('dist/bundle', { recursive: true });
  writeFileSync('dist/bundle/main.js', 'console.log("ran", process.argv.slice(2).join(" "))');
  writeFileSync('dist/.built', '');`;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const builds = (): number => (existsSync(at('built')) ? readFileSync(at('built'), 'utf8').length : 0);

function describeCheckout(node: string, build: string): void {
  const manifest = { name: 'small', type: 'module', engines: { node }, scripts: { build: 'node build.mjs' } };
  writeFileSync(at('package.json'), JSON.stringify(manifest));
  writeFileSync(at('build.mjs'), build);
}

beforeEach(() => {
  rmSync(checkout, { recursive: true, force: true });
  mkdirSync(at('kernel'), { recursive: true });
  mkdirSync(at('node_modules'));
  for (const folder of ['scripts', 'bin']) cpSync(folder, at(folder), { recursive: true });
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'kernel/money.ts']) {
    writeFileSync(at(file), '');
  }
  // As npm leaves it: no older than the lock file, so that nothing is installed here.
  writeFileSync(at('node_modules/.package-lock.json'), '');
  describeCheckout('>=20.19', BUILD);
});

afterAll(() => rmSync(checkout, { recursive: true, force: true }));

describe('set-up', () => {
  it('builds once, and again only when a source has changed', async () => {
    expect((await run('scripts/setup.mjs')).code).toBe(0);
    expect(await run('scripts/setup.mjs')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await run('scripts/setup.mjs', '--missing')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(builds()).toBe(1);

    const later = new Date(Date.now() + 1_000);
    utimesSync(at('kernel/money.ts'), later, later);
    expect(await run('scripts/setup.mjs', '--missing')).toEqual({ code: 0, stdout: 'build\n', stderr: '' });
    expect(builds()).toBe(1);
    expect((await run('scripts/setup.mjs')).code).toBe(0);
    expect(builds()).toBe(2);
  });

  it('knows of a build by hand, and of one that failed', async () => {
    writeFileSync(
      at('scripts/compile.mjs'),
      "import { mkdirSync } from 'node:fs'; mkdirSync('dist', { recursive: true });",
    );
    for (const step of ['bundle', 'code-cache']) writeFileSync(at(`scripts/${step}.mjs`), '');
    expect((await run('scripts/build.mjs')).code).toBe(0);
    expect(await run('scripts/setup.mjs', '--missing')).toEqual({ code: 0, stdout: '', stderr: '' });
    const later = new Date(Date.now() + 1_000);
    writeFileSync(at('scripts/bundle.mjs'), 'process.exit(3);');
    utimesSync(at('kernel/money.ts'), later, later);
    expect(await run('scripts/build.mjs')).toMatchObject({ code: 1, stderr: expect.stringContaining('bundle.mjs') });
    expect((await run('scripts/setup.mjs', '--missing')).stdout).toBe('build\n');
  });

  it('builds once when two ask at once', async () => {
    const both = await Promise.all([run('scripts/setup.mjs'), run('scripts/setup.mjs')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(builds()).toBe(1);
  });

  it('tells of a build that fails, and tries again the next time', async () => {
    const failing = `import { appendFileSync } from 'node:fs'; appendFileSync('built', 'x');`;
    describeCheckout('>=20.19', `${failing}\nconsole.log('wrong type'); process.exit(2);`);
    const { code, stdout, stderr } = await run('scripts/setup.mjs', '--quiet');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('wrong type');
    expect(stderr).toContain('build` failed');
    describeCheckout('>=20.19', BUILD);
    expect((await run('scripts/setup.mjs')).code).toBe(0);
    expect(builds()).toBe(2);
  });

  it('refuses a Node that is too old before anything else', async () => {
    describeCheckout('>=99.1', BUILD);
    const { code, stderr } = await run('scripts/setup.mjs');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Magam needs Node 99\.1 or newer; this is \d/);
    expect(builds()).toBe(0);
  });
});

describe('the magam command of a checkout', () => {
  it('builds what was never built, with its standard output left clean', async () => {
    expect(await run('bin/magam.mjs', 'settle', '--json')).toMatchObject({ code: 0, stdout: 'ran settle --json\n' });
    expect(await run('bin/magam.mjs')).toEqual({ code: 0, stdout: 'ran \n', stderr: '' });
    expect(builds()).toBe(1);
  });

  it('does not run what could not be built', async () => {
    describeCheckout('>=20.19', 'process.exit(2)');
    expect(await run('bin/magam.mjs')).toMatchObject({ code: 1, stdout: '' });
  });
});
