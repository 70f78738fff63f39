/** The log of a real runner whose database, or whose Redis, goes away and comes back: each outage is told once. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { select } from '../../infra/database.js';
import { type Magam, until } from '../../scripts/chaos/magam.mjs';
import { startServices, stopServices } from '../../scripts/services.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { expectGracefulEnd, taskRunners } from '../support/tasks.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-outage-log-'));
const server = { folder, redisUrl: 'redis://127.0.0.1:1/0', log: () => undefined };
const startRunner = taskRunners();
let database: TestDatabase;
let redis: TestRedis;

beforeAll(async () => {
  database = await createTestDatabase((await startServices(server)).databaseUrl);
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  await startServices(server);
  await database?.drop();
  await stopServices({ folder, deleteData: true, log: () => undefined });
  rmSync(folder, { recursive: true, force: true });
});

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly code?: string;
  readonly error?: string;
  readonly awaySeconds?: number;
}

const linesOf = ({ output }: Magam): Line[] =>
  output.stderr
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

/** What somebody reads who does not ask for the level `debug`. */
const read = (lines: readonly Line[]): Line[] =>
  lines.filter(({ level, msg }) => level !== 'debug' && (level !== 'info' || / back after /.test(msg)));

/** Starts a runner, and waits until each of its loops has been at work. */
async function working(): Promise<Magam> {
  const runner = startRunner(database.url, { MAGAM_LOG_LEVEL: 'debug', MAGAM_REDIS_URL: redis.url });
  await runner.says('runner started');
  const { db } = database;
  await until(async () => {
    const sql = `SELECT name FROM leader_lease WHERE name LIKE 'outbox:%'`; // their loops begin last
    return (await select(db, sql)).length > 1;
  }, 'the loops work');
  return runner;
}

it('tells once that the database is away, whichever loops meet it, and once that it is back', async () => {
  const runner = await working();
  const before = linesOf(runner).length;
  const { database: program } = JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8'));
  process.kill(program.pid, 'SIGKILL');
  const since = (): Line[] => linesOf(runner).slice(before);
  const met = [
    'the runner could not work and tries again',
    'tasks could not be looked for',
    'duties could not be looked for',
    'webhooks could not be looked for',
    'the rows of a consumer could not be looked at',
  ];
  const times = (message: string): number => since().filter(({ msg }) => msg === message).length;
  await until(() => met.every((message) => times(message) > 1), 'every loop has tried twice');
  expect(read(since())).toEqual([
    expect.objectContaining({ level: 'error', msg: 'database away, trying again', code: 'DATABASE_UNAVAILABLE' }),
  ]);
  await startServices(server);
  await runner.says('database back');
  const [, ...rest] = read(since());
  expect(rest).toEqual([
    expect.objectContaining({ level: 'info', msg: expect.stringMatching(/^database back after \d+ s$/) }),
  ]);
  expect(rest[0]?.awaySeconds).toBeGreaterThan(0);
  await expectGracefulEnd(runner);
});

it('tells once that Redis is away, though several connections are lost, and once that it is back', async () => {
  const runner = await working();
  const before = linesOf(runner).length;
  await redis.stop();
  await runner.says('Redis away');
  await redis.start();
  await runner.says('Redis back');
  expect(read(linesOf(runner).slice(before)).map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'Redis away, going on without it'],
    ['info', expect.stringMatching(/^Redis back after \d+ s$/)],
  ]);
  await expectGracefulEnd(runner);
});
