/** The launcher with real servers, in folders of the system's temporary one. Whatever a test starts is ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';

const launcher = join(process.cwd(), 'scripts/services.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'magam-services-'));
/** The home that most tests share: making a data folder is the slow part. */
const shared = join(scratch, 'shared');
const homes = new Set<string>();

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(
  home: string,
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; done: Promise<Outcome> } {
  homes.add(home);
  const { MAGAM_DATABASE_URL: _database, MAGAM_REDIS_URL: _redis, ...inherited } = process.env;
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...inherited, MAGAM_NO_INSTALL: '1', MAGAM_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  const done = new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
  return { child, done };
}

const services = (home: string, ...args: string[]): Promise<Outcome> => launch(home, args).done;

interface Started {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly started: boolean;
}

async function start(home: string): Promise<Started> {
  const { code, stdout, stderr } = await services(home, 'start', '--json');
  if (code !== 0) throw new Error(`start failed with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Started;
}

interface State {
  readonly database: { pid: number | null; port: number; password: string };
  readonly redis: { pid: number | null; port: number; password: string };
}

const stateOf = (home: string): State => JSON.parse(readFileSync(join(home, 'services.json'), 'utf8')) as State;

const pidsOf = (home: string): number[] =>
  [stateOf(home).database.pid, stateOf(home).redis.pid].filter((pid): pid is number => pid !== null);

function isRunning(pid: number): boolean {
  try {
    return !/^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(probe: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !probe(); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function kill(pid: number | null): Promise<void> {
  if (pid === null) throw new Error('not running');
  process.kill(pid, 'SIGKILL');
  await until(() => !isRunning(pid));
}

async function query(url: string, sql: string): Promise<unknown> {
  const connection = await mysql.createConnection(url);
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return rows;
  } finally {
    await connection.end();
  }
}

async function ping(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.ping();
  } finally {
    redis.disconnect();
  }
}

const listen = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end('somebody else\r\n'));
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

afterAll(async () => {
  for (const home of homes) if (existsSync(home)) await services(home, 'stop', '--delete');
  rmSync(scratch, { recursive: true, force: true });
});

describe('services start', () => {
  beforeAll(async () => {
    await start(shared);
  });

  it('prints exactly the two URLs on standard output, and both work', async () => {
    const { code, stdout } = await services(shared, 'start');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^MAGAM_DATABASE_URL=mysql:\/\/magam:\w{48}@127\.0\.0\.1:\d+\/magam\nMAGAM_REDIS_URL=redis:\/\/:\w{48}@127\.0\.0\.1:\d+\/0\n$/,
    );
    const { databaseUrl, redisUrl } = await start(shared);
    await query(databaseUrl, 'CREATE DATABASE IF NOT EXISTS magam_other'); // the account may make databases
    expect(await query(databaseUrl, `SHOW DATABASES LIKE 'magam\\_other'`)).toEqual([['magam_other']]);
    expect(await query(databaseUrl, 'SELECT DATABASE(), @@innodb_flush_log_at_trx_commit, @@local_infile')).toEqual([
      ['magam', 1, 1],
    ]);
    expect(await ping(redisUrl)).toBe('PONG');
  });

  it('lets nobody in without the password', async () => {
    const { database, redis } = stateOf(shared);
    for (const user of ['root', 'magam', '']) {
      await expect(query(`mysql://${user}@127.0.0.1:${database.port}/`, 'SELECT 1')).rejects.toThrow(/denied/i);
    }
    await expect(ping(`redis://:wrong@127.0.0.1:${redis.port}/0`)).rejects.toThrow();
  });

  it('changes nothing when both run', async () => {
    const before = stateOf(shared);
    expect(await start(shared)).toMatchObject({ started: false });
    expect(stateOf(shared)).toEqual(before);
  });

  it('keeps passwords in files that only their owner can read', () => {
    for (const file of ['services.json', 'redis.conf', 'database.log', 'redis.log']) {
      expect([file, (statSync(join(shared, file)).mode & 0o777).toString(8)]).toEqual([file, '600']);
    }
    for (const folder of ['', 'database', 'redis']) {
      expect((statSync(join(shared, folder)).mode & 0o777).toString(8)).toBe('700');
    }
    expect(existsSync(join(shared, 'database-init.sql'))).toBe(false);
    for (const pid of pidsOf(shared)) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      expect(command).not.toContain(stateOf(shared).database.password);
      expect(command).not.toContain(stateOf(shared).redis.password);
    }
  });

  it('recovers servers that were killed, with their data and the same URLs', async () => {
    const { databaseUrl, redisUrl } = await start(shared);
    await query(databaseUrl, 'CREATE TABLE IF NOT EXISTS kept (id INT PRIMARY KEY)');
    await query(databaseUrl, 'REPLACE INTO kept VALUES (7)');
    await kill(stateOf(shared).database.pid);
    await kill(stateOf(shared).redis.pid);
    expect((await services(shared, 'status')).code).toBe(1);
    expect(await start(shared)).toEqual({ databaseUrl, redisUrl, started: true });
    expect(await query(databaseUrl, 'SELECT id FROM kept')).toEqual([[7]]);
  });

  it('leaves a process alone that has the id of a server that is gone', async () => {
    const { database } = stateOf(shared);
    await kill(database.pid);
    const stranger = spawn('sleep', ['60']);
    try {
      const state = stateOf(shared);
      writeFileSync(
        join(shared, 'services.json'),
        JSON.stringify({ ...state, database: { ...state.database, pid: stranger.pid } }),
      );
      expect(await start(shared)).toMatchObject({ started: true });
      expect(stateOf(shared).database.pid).not.toBe(stranger.pid);
      expect(isRunning(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('takes another port when somebody else has taken the old one', async () => {
    const { database, redis } = stateOf(shared);
    expect((await services(shared, 'stop')).code).toBe(0);
    const strangers = [await listen(database.port), await listen(redis.port)];
    try {
      const { databaseUrl, redisUrl } = await start(shared);
      expect(databaseUrl).not.toContain(`:${database.port}/`);
      expect(redisUrl).not.toContain(`:${redis.port}/`);
      expect(await query(databaseUrl, 'SELECT 1')).toEqual([[1]]);
      expect(await ping(redisUrl)).toBe('PONG');
    } finally {
      for (const server of strangers) server.close();
    }
  });

  it('replaces running servers whose state was lost, and keeps the data', async () => {
    const before = pidsOf(shared);
    rmSync(join(shared, 'services.json'));
    const { databaseUrl, redisUrl, started } = await start(shared);
    expect(started).toBe(true);
    expect(before.filter(isRunning)).toEqual([]);
    expect(await query(databaseUrl, 'SHOW DATABASES LIKE "magam_other"')).toEqual([['magam_other']]);
    expect(await ping(redisUrl)).toBe('PONG');
  });

  it('starts each once when several start at once, even after a holder of the lock was killed', async () => {
    await services(shared, 'stop');
    writeFileSync(join(shared, 'services.lock'), '999999999 1');
    const starts = await Promise.all([start(shared), start(shared), start(shared)]);
    expect(new Set(starts.map(({ databaseUrl, redisUrl }) => `${databaseUrl} ${redisUrl}`)).size).toBe(1);
    expect(starts.filter(({ started }) => started)).toHaveLength(1);
    expect(existsSync(join(shared, 'services.lock'))).toBe(false);
  });

  it('starts only what the environment does not name, when told so', async () => {
    const given = { MAGAM_DATABASE_URL: 'mysql://u@db/x', MAGAM_REDIS_URL: 'redis://r/0' };
    const unused = join(scratch, 'unused');
    const { stdout } = await launch(unused, ['start', '--json', '--missing'], given).done;
    expect(JSON.parse(stdout)).toEqual({ databaseUrl: 'mysql://u@db/x', redisUrl: 'redis://r/0', started: false });
    expect(existsSync(join(unused, 'database'))).toBe(false);
  });

  it('says what runs, and stops it without touching the data', async () => {
    const status = await services(shared, 'status', '--json');
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ database: { running: true }, redis: { running: true } });
    expect(status.stdout).not.toContain(stateOf(shared).database.password);
    const pids = pidsOf(shared);
    expect((await services(shared, 'stop')).code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect((await services(shared, 'status')).code).toBe(1);
    expect((await services(shared, 'stop')).code).toBe(0);
    expect(existsSync(join(shared, 'database', 'magam_other'))).toBe(true);
  });

  it('refuses data that another engine has made', async () => {
    const engine = readFileSync(join(shared, 'database', 'magam-engine'), 'utf8').trim();
    const programs = join(scratch, 'other-engine');
    mkdirSync(programs);
    const version = engine === 'mariadb' ? 'Ver 9.9.9 for Linux (MySQL)' : 'Ver 99.9.9-MariaDB';
    writeFileSync(join(programs, 'mysqld'), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
    writeFileSync(join(programs, 'redis-server'), "#!/bin/sh\necho 'v=7.0.0'\n", { mode: 0o755 });
    const { code, stderr } = await launch(shared, ['start'], { MAGAM_PROGRAM_PATH: programs }).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/was made by (MySQL|MariaDB), but only this is installed/);
  });
});

describe('another checkout', () => {
  // A path with a space, and too long for a socket; two folders deep to stay within the limit of a name.
  const other = join(scratch, 'a space', 'x'.repeat(120), 'home');

  afterEach(async () => {
    if (existsSync(other)) await services(other, 'stop', '--delete');
  });

  it('has services of its own, also after its first start was killed half-way', async () => {
    mkdirSync(other, { recursive: true });
    const first = launch(other, ['start']);
    await until(() => existsSync(join(other, 'database')));
    first.child.kill('SIGKILL');
    await first.done;
    expect(existsSync(join(other, 'database', 'magam-engine'))).toBe(false);

    const [mine, theirs] = await Promise.all([start(shared), start(other)]);
    expect(theirs.databaseUrl).not.toBe(mine.databaseUrl);
    await query(theirs.databaseUrl, 'CREATE DATABASE only_theirs');
    expect(await query(mine.databaseUrl, 'SHOW DATABASES LIKE "only_theirs"')).toEqual([]);

    expect((await services(other, 'stop', '--delete')).code).toBe(0);
    expect(existsSync(other)).toBe(false);
    expect(pidsOf(shared).filter(isRunning)).toHaveLength(2);
  });

  it('gives tests services of their own, and their stop deletes the data of these alone', async () => {
    const home = join(scratch, 'with-tests');
    const script = `import { startTestServices } from ${JSON.stringify(launcher)};
      console.log(JSON.stringify(await startTestServices()));`;
    homes.add(home);
    const env = { ...process.env, MAGAM_HOME: home, MAGAM_DATABASE_URL: undefined, MAGAM_REDIS_URL: undefined };
    const given = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    const { folder, databaseUrl, redisUrl } = JSON.parse(given);
    // Where the memory has no room, they are those of the checkout.
    const inMemory = folder.startsWith('/dev/shm/');
    expect(folder).toMatch(inMemory ? /^\/dev\/shm\/magam-[0-9a-f]{16}$/ : /with-tests$/);
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
    expect(await query(databaseUrl, 'SELECT 1')).toEqual([[1]]);
    expect(await ping(redisUrl)).toBe('PONG');
    const pids = pidsOf(folder);
    await start(home);
    const { code } = await services(home, 'stop');
    expect(code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect([existsSync(folder), existsSync(join(home, 'database'))]).toEqual([!inMemory, true]);
  });
});

describe('a machine without the programs', () => {
  it('is told what to install, and the exit code is 1', async () => {
    const empty = join(scratch, 'no-programs');
    mkdirSync(empty);
    const { done } = launch(join(scratch, 'none'), ['start'], { MAGAM_PROGRAM_PATH: empty });
    const { code, stdout, stderr } = await done;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    for (const words of [
      'mysqld or mariadbd',
      'redis-server',
      'apt-get install',
      'docker compose up -d',
      'MAGAM_DATABASE_URL=',
    ]) {
      expect(stderr).toContain(words);
    }
  });

  it('is asked on a terminal, and nothing is installed without a yes', async () => {
    const programs = join(scratch, 'only-apt');
    mkdirSync(programs);
    const ran = join(scratch, 'apt-ran');
    writeFileSync(join(programs, 'apt-get'), `#!/bin/sh\necho "$*" >> '${ran}'\n`, { mode: 0o755 });
    const { MAGAM_DATABASE_URL: _database, MAGAM_REDIS_URL: _redis, MAGAM_NO_INSTALL: _no, ...inherited } = process.env;
    const env = { ...inherited, MAGAM_HOME: join(scratch, 'asked'), MAGAM_PROGRAM_PATH: programs };
    homes.add(env.MAGAM_HOME);
    /** On a terminal that `script` makes, where this is typed. */
    const typed = (answer: string): Promise<Outcome> => {
      const command = `${process.execPath} ${launcher} start`;
      const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env });
      let stdout = '';
      let answered = false;
      child.stdout.on('data', (part) => {
        stdout += part;
        if (answered || !stdout.includes('[y/N]')) return;
        answered = true;
        child.stdin.write(answer);
      });
      return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr: '' })));
    };
    const needsRoot = process.getuid?.() === 0;
    for (const answer of ['n\r', '\r', 'nonsense\r']) {
      const { code, stdout } = await typed(answer);
      expect([code, stdout.includes('Any one of these provides what is missing')]).toEqual([1, true]);
      expect(existsSync(ran)).toBe(false);
    }
    await typed('y\r');
    expect(existsSync(ran) && readFileSync(ran, 'utf8').includes('mariadb-server redis-server')).toBe(needsRoot);
  });

  it('describes itself when help is requested', async () => {
    for (const words of [['--help'], ['stop', '--help'], ['help']]) {
      const { code, stdout } = await services(shared, ...words);
      expect(code).toBe(0);
      expect(stdout).toMatch(/--delete +ends them and deletes their data/);
    }
  });

  it('answers nonsense with its usage', async () => {
    expect((await services(shared, 'strat')).code).toBe(2);
    expect((await services(shared, 'stop', '--json')).code).toBe(2);
    expect((await services(shared)).code).toBe(2);
  });
});
