/** The command line as a person or a script meets it: help, wrong usage, wrong settings, a database that is not there. */
import { createServer } from 'node:net';
import { execPath } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Ended, environment, runMagam, startProcess } from '../../scripts/chaos/magam.mjs';
import type { ScratchDatabase } from '../../scripts/chaos/scratch-database.mjs';
import { createDatabase, documentOf, type FailureDocument, magamOf } from '../support/settling.js';

let db: ScratchDatabase;
beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

const magam = (args: readonly string[], settings: Record<string, string | undefined> = {}): Promise<Ended> =>
  magamOf(db, args, settings);
/** In a separate process, because its streams and its exit code are tested. */
const magamProcess = (args: readonly string[]): Promise<Ended> => runMagam(args, environment(db.url));

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPE = /\u001b/;
/** The built one. */
const COMMAND_LINE = new URL('../../dist/cli/command-line.js', import.meta.url).href;

const COMMANDS = [
  'migrate',
  'seed',
  'policies',
  'policies apply',
  'policies list',
  'policies show',
  'import',
  'import lines',
  'import refunds',
  'imports',
  'imports abandon',
  'settle',
  'runs',
  'runs show',
  'runs stop',
  'runs exceptions',
  'settlements',
  'lines',
  'verify',
  'explain',
  'stock',
  'stock verify',
  'payments',
  'payments verify',
  'runner',
];

describe('help', () => {
  it.each(['', ...COMMANDS])('of magam %s goes to standard output and exits 0', async (command) => {
    const words = command.split(' ').filter((word) => word !== '');
    const { code, stdout, stderr } = await magam([...words, '--help']);
    expect(stdout).toMatch(new RegExp(`^Usage: magam ${command}`.trimEnd()));
    expect(stdout).toContain('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('lists every command', async () => {
    const { stdout } = await magam(['--help']);
    for (const command of COMMANDS) if (!command.includes(' ')) expect(stdout).toContain(`\n  ${command}`);
    expect(stdout).toContain('Exit codes');
  });

  it('--version is one line', async () => {
    expect(await magam(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

/** Wrong usage with --json: exit code 2, one document on standard output. */
async function expectUsageError(args: readonly string[]): Promise<void> {
  const json = await magam([...args, '--json']);
  expect({ args, code: json.code }).toEqual({ args, code: 2 });
  const { error } = documentOf<FailureDocument>(json);
  expect(['USAGE', 'DATE_INVALID']).toContain(error.code);
  expect(error.message).not.toBe('');
}

/** Wrong usage without --json: exit code 2, nothing on standard output, a message without a stack on standard error. */
function expectExplained({ code, stdout, stderr }: Ended): void {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).not.toBe('');
  expect(stderr).not.toMatch(/\n\s+at /);
}

const DAY = ['--date', '2026-03-02'];

describe('wrong usage', () => {
  it.each([
    [['nonsense']],
    [['settel', ...DAY]],
    [['settle', ...DAY, '--nonsense']],
    [['settle']],
    [['settle', '--date']],
    [['settle', '--from', '2026-03-02']],
    [['settle', '--to', '2026-03-02']],
    [['settle', ...DAY, '--from', '2026-03-02', '--to', '2026-03-03']],
    [['settle', '--from', '2026-03-03', '--to', '2026-03-02']],
    [['settle', ...DAY, 'and-more']],
    [['verify']],
    [['lines']],
    [['settlements']],
    [['settlements', '--from', '2026-03-02']],
    [['settlements', '--to', '2026-03-02']],
    [['settlements', ...DAY, '--to', '2026-03-02']],
    [['settlements', '--from', '2026-03-03', '--to', '2026-03-02']],
    [['settlements', ...DAY, '--seller', ' ']],
    [['settlements', ...DAY, '--format', 'xlsx']],
    [['settlements', ...DAY, '--totals', '--format', 'csv']],
    [['lines', ...DAY, '--format', 'xlsx']],
    [['lines', ...DAY, '--from', '2026-03-02']],
    [['lines', ...DAY, '--format', 'xml']],
    [['explain']],
    [['runs', 'show']],
    [['runs', 'show', 'abc']],
    [['runs', 'stop', '-1']],
    [['runs', 'exceptions', '1.5']],
    [['runs', 'nonsense']],
    [['imports', 'abandon']],
    [['imports', 'abandon', 'abc']],
    [['import', 'lines']],
    [['policies', 'apply']],
    [['policies', 'show']],
    [['seed', ...DAY]],
    [['seed', ...DAY, '--lines', '10']],
  ])('%j', (args) => expectUsageError(args));

  it.each(['0', '-1', '1.5', '1e3', '', '10001', '99999999999999999999', '１０'])('settle --grid-size %j', (value) =>
    expectUsageError(['settle', ...DAY, `--grid-size=${value}`]),
  );

  it.each(['--workers=0', '--workers=65', '--chunk-size=50001', '--chunk-size=4k'])('settle %s', (option) =>
    expectUsageError(['settle', ...DAY, option]),
  );

  it.each(['2026-02-30', '2026-3-2', 'tomorrow', '', 'yesterday ', '2026-03-02T00:00:00', "'; DROP TABLE"])(
    '--date %j',
    async (date) => {
      await expectUsageError(['settle', `--date=${date}`]);
      await expectUsageError(['verify', `--date=${date}`]);
    },
  );

  it.each(['--lines=0', '--sellers=x', '--seed=', '--seed=a b'])('seed %s', (option) => {
    const rest = ['--lines=10', '--sellers=2', '--date=2026-03-02'].filter(
      (it) => !it.startsWith(option.split('=')[0] ?? ''),
    );
    return expectUsageError(['seed', ...rest, option]);
  });

  it.each([
    [['nonsense']],
    [['settle', '--nonsense']],
    [['settle', '--grid-size', 'ten']],
    [['settle', '--date', '2026-02-30']],
    [['runs', 'show', 'abc']],
  ])('%j without --json is explained on standard error alone', async (args) => {
    expectExplained(await magam(args));
  });

  it('is explained on the standard error of a process', async () => {
    expectExplained(await magamProcess(['settle', '--nonsense']));
  });

  it('leaves the database alone', async () => {
    expect(await db.value('SELECT COUNT(*) FROM business_date')).toBe('0');
    expect(await db.value('SELECT COUNT(*) FROM sale_entry')).toBe('0');
  });
});

describe('settings', () => {
  it('that are wrong are all named at once, before anything is connected', async () => {
    const { code, stdout } = await magam(['settle', ...DAY, '--json'], {
      MAGAM_DATABASE_URL: 'postgres://localhost/x',
      MAGAM_REDIS_URL: 'nonsense',
      MAGAM_TIME_ZONE: 'Mars/Olympus',
      MAGAM_SETTLE_AT: '25:00',
      MAGAM_WORKERS: '0',
      MAGAM_CHUNK_SIZE: 'many',
      MAGAM_LEASE_MS: '1',
      MAGAM_CLAIMS_MAX: '-3',
      MAGAM_LOG_LEVEL: 'loud',
      MAGAM_SIGNING_KEY: '/no/such/file',
    });
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as FailureDocument;
    expect(error.code).toBe('CONFIG_INVALID');
    for (const name of [
      'DATABASE_URL',
      'REDIS_URL',
      'TIME_ZONE',
      'SETTLE_AT',
      'WORKERS',
      'CHUNK_SIZE',
      'LEASE_MS',
      'CLAIMS_MAX',
      'LOG_LEVEL',
      'SIGNING_KEY',
    ]) {
      expect(error.message).toContain(`MAGAM_${name}`);
    }
  });

  it.each(['mysql:///', 'mysql://127.0.0.1/bad;name', 'http://127.0.0.1/x'])(
    'MAGAM_DATABASE_URL=%s is refused',
    async (url) => {
      const ended = await magam(['runs', '--json'], { MAGAM_DATABASE_URL: url });
      expect(ended.code).toBe(2);
      expect(documentOf<FailureDocument>(ended).error.code).toBe('CONFIG_INVALID');
    },
  );

  it('in production the URLs are required and faults are refused', async () => {
    const ended = await magam(['settle', ...DAY, '--json'], {
      NODE_ENV: 'production',
      MAGAM_DATABASE_URL: undefined,
      MAGAM_REDIS_URL: undefined,
      MAGAM_FAULT: 'run.opened:kill',
    });
    expect(ended.code).toBe(2);
    const { error } = documentOf<FailureDocument>(ended);
    for (const name of ['MAGAM_DATABASE_URL', 'MAGAM_REDIS_URL', 'MAGAM_FAULT']) expect(error.message).toContain(name);
  });
});

describe('a database', () => {
  async function expectFailure(url: string, code: string): Promise<void> {
    const [plain, json] = await Promise.all([
      magam(['settle', ...DAY], { MAGAM_DATABASE_URL: url }),
      magam(['settle', ...DAY, '--json'], { MAGAM_DATABASE_URL: url }),
    ]);
    expect(documentOf<FailureDocument>(json).error.code).toBe(code);
    expect(json.code).toBe(1);
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toContain(code);
    expect(plain.stderr).not.toMatch(/\n\s+at /);
  }

  it('that nobody listens for is reported, not waited for', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    await expectFailure(`mysql://root@127.0.0.1:${port}/magam`, 'DATABASE_UNAVAILABLE');
    await expectFailure('mysql://root@no-such-host.invalid/magam', 'DATABASE_UNAVAILABLE');
  });

  it('that hangs up is reported', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expectFailure(`mysql://root@127.0.0.1:${port}/magam`, 'DATABASE_UNAVAILABLE');
    await new Promise((resolve) => server.close(resolve));
  });

  it('that refuses the account is reported as that', async () => {
    const url = new URL(db.url);
    url.username = 'nobody-knows-me';
    url.password = 'wrong';
    await expectFailure(url.href, 'DATABASE_ACCESS_DENIED');
  });

  it('without the tables asks for magam migrate', async () => {
    const url = new URL(db.url);
    url.pathname = `${url.pathname}_missing`;
    await expectFailure(url.href, 'SCHEMA_OUTDATED');
  });
});

describe('what is printed', () => {
  const day = '2026-03-02';
  const queries: string[][] = [
    ['migrate'],
    ['seed', '--lines', '200', '--sellers', '5', '--date', day],
    ['policies', 'list'],
    ['policies', 'show', 'no-such-policy'],
    ['settle', '--date', day, '--dry-run'],
    ['settle', '--date', '2026-03-03'],
    ['settle', '--date', day],
    ['settle', '--date', day],
    ['runs'],
    ['runs', 'show', '1'],
    ['runs', 'show', '999'],
    ['runs', 'exceptions', '1'],
    ['runs', 'stop', '1'],
    ['settlements', '--date', day],
    ['lines', '--date', day],
    ['lines', '--date', '2026-03-04'],
    ['imports'],
    ['imports', 'abandon', '999'],
    ['import', 'lines', '/no/such/file.csv'],
    ['verify', '--date', day],
    ['verify', '--date', '2026-03-04'],
    ['explain', 'no-such-order', '1'],
  ];

  it('with --json is exactly one document, in success and in failure', async () => {
    for (const args of queries) {
      const { code, stdout } = await magam([...args, '--json']);
      const document: unknown = JSON.parse(stdout);
      expect(typeof document).toBe('object');
      const failed = !Array.isArray(document) && 'error' in (document as object);
      expect({ args, failed }).toEqual({ args, failed: code !== 0 });
    }
  });

  it.each([undefined, '1'])('elsewhere than on a terminal has no escape codes, NO_COLOR being %s', async (NO_COLOR) => {
    // One process for all commands: whether there is a terminal is found out by each.
    const program = `import { runCommandLine } from ${JSON.stringify(COMMAND_LINE)};
      for (const words of ${JSON.stringify(queries)}) await runCommandLine(words);`;
    const env = environment(db.url, { NO_COLOR });
    const { code, stdout, stderr } = await startProcess(execPath, ['--input-type=module', '-e', program], { env })
      .ended;
    expect({ code, escape: ESCAPE.exec(stdout + stderr)?.input ?? null }).toEqual({ code: 0, escape: null });
    for (const text of ['COMPLETED', 'RUN_NOT_FOUND']) expect(stdout + stderr).toContain(text);
  });

  it('of a failure goes to standard error, with its code', async () => {
    const { code, stdout, stderr } = await magamProcess(['runs', 'show', '999']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('RUN_NOT_FOUND');
  });
});
