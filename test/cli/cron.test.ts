/** `magam cron`: its processes, their exit codes, their log, and what operators are told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { commandCause, type Outcome, succeeded } from '../../cli/cron-outcome.js';
import { type Ended, environment, type Magam, startMagam } from '../../scripts/chaos/magam.mjs';
import { alarmsOf, emptyAlarms } from '../support/alarms.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';
import { type Outside, startOutside } from '../support/outside.js';

const scratch = mkdtempSync(join(tmpdir(), 'magam-cron-'));
const log = join(scratch, 'settle.log');
let database: TestDatabase;
let webhook: Outside;
beforeAll(async () => {
  process.env.TMPDIR = scratch; // the locks, and what is told directly, are kept there
  database = await createTestDatabase();
});
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await database.drop();
});
beforeEach(async () => {
  rmSync(log, { force: true });
  await emptyAlarms(database.db);
  webhook = await startOutside();
});
afterEach(() => webhook.close());

const AWAY = 'mysql://nobody@127.0.0.1:1/none';

const settings = (url: string): Record<string, string | undefined> =>
  environment(url, { MAGAM_ALARM_WEBHOOK_URL: webhook.url, MAGAM_ALARM_RUNNER_MINUTES: '0' });
/** In a process of its own, which is struck, or whose command prints where it prints. */
const start = (words: readonly string[]): Magam => startMagam(['cron', ...words], settings(database.url));
const cronProcess = (words: readonly string[]): Promise<Ended> => start(words).ended;
/** In this process; the command has its own, and its log where cron has one. */
const cron = (words: readonly string[], url = database.url): Promise<Ended> =>
  magam(url, ['cron', ...words], settings(url));
const told = (): string[] =>
  webhook.received.map(({ body: { alarm } }) => `${alarm.kind} ${alarm.subject} ${alarm.status}`);

const FAILING = ['--', 'settle', '--date', '2026-03-02'];
const COMMAND = 'settle --date 2026-03-02';

it('exits with the code of the command, which prints where cron reads it', async () => {
  const ended = await cronProcess(['--', 'calendar']);
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.stdout).toContain('Zone');
  expect(await cronProcess(['--', 'settle', '--date', 'tomorrow'])).toMatchObject({ code: 2 });
  const json = await cronProcess(['--', 'runs', '--json']);
  expect(json).toMatchObject({ code: 0 });
  expect(json.json()).toMatchObject({ runs: [] });
});

it('a command that fails is an alarm with its last error, and its next success ends it', async () => {
  expect(await cron(['--log', log, ...FAILING])).toMatchObject({ code: 1, stdout: '' });
  expect(told()).toEqual([`command-failed ${COMMAND} OPEN`]);
  expect(webhook.received[0]?.body.alarm.summary).toMatch(
    /^magam settle --date 2026-03-02 ended with exit code 1: DATE_EMPTY: 2026-03-02 has no entries/,
  );
  expect(await cron(['--log', log, ...FAILING])).toMatchObject({ code: 1 });
  expect(told()).toHaveLength(1);
  const text = readFileSync(log, 'utf8');
  expect(text).toMatch(
    /^--- \d{4}-\d\d-\d\dT\S+Z magam settle --date 2026-03-02: begins\n.*DATE_EMPTY: .*: exit code 1\n/s,
  );
  await database.db.raw(`UPDATE alarm SET subject = 'calendar', open_key = 'command-failed calendar'`);
  expect(await cron(['--log', log, '--', 'calendar'])).toMatchObject({ code: 0 });
  expect(told()).toEqual([`command-failed ${COMMAND} OPEN`, 'command-failed calendar RESOLVED']);
});

it('does not start a command that is still running, which is no alarm, and starts it again after a kill', async () => {
  const connection = await database.db.client.acquireConnection();
  try {
    await database.db.raw('LOCK TABLES schema_migration WRITE').connection(connection);
    const first = start(['--log', log, '--', 'runs']);
    await inStatement(database.db, '%schema_migration%');
    const second = await cron(['--log', log, '--', 'runs']);
    expect(second).toMatchObject({ code: 5 });
    expect(second.stderr).toContain('COMMAND_RUNNING');
    expect(readFileSync(log, 'utf8')).toContain('still running');
    first.send('SIGKILL');
    await first.ended;
    // The command outlives the process that watched it, and keeps its lock.
    expect(await cron(['--log', log, '--', 'runs'])).toMatchObject({ code: 5 });
    await database.db.raw('UNLOCK TABLES').connection(connection);
  } finally {
    await database.db.client.releaseConnection(connection);
  }
  for (let code: number | null = 5; code === 5; ) ({ code } = await cron(['--log', log, '--', 'runs']));
  expect(await alarmsOf(database.db)).toEqual([]);
});

it('passes on signals, and exits with the exit code of the command', async () => {
  const connection = await database.db.client.acquireConnection();
  try {
    await database.db.raw('LOCK TABLES schema_migration WRITE').connection(connection);
    const stopped = start(['--', 'verify', '--date', '2026-03-02']);
    await inStatement(database.db, '%schema_migration%');
    stopped.send('SIGTERM');
    await database.db.raw('UNLOCK TABLES').connection(connection);
    expect(await stopped.ended).toMatchObject({ code: 130, signal: null });
  } finally {
    await database.db.client.releaseConnection(connection);
  }
  expect(await alarmsOf(database.db)).toEqual(['command-failed verify --date 2026-03-02 OPEN']);
});

it('tells without the database where that is away, once, and that it is over', async () => {
  expect(await cron(['--log', log, ...FAILING], AWAY)).toMatchObject({ code: 1 });
  expect(await cron(['--log', log, ...FAILING], AWAY)).toMatchObject({ code: 1 });
  expect(told()).toEqual([`command-failed ${COMMAND} OPEN`]);
  expect(webhook.received[0]?.body.alarm).toMatchObject({
    alarmId: null,
    summary: expect.stringContaining('DATABASE_UNAVAILABLE'),
  });
});

it('a log that cannot be written is refused before anything is run', async () => {
  const { code, stderr } = await cron(['--log', join(scratch, 'nowhere', 'x.log'), '--', 'calendar']);
  expect(code).toBe(1);
  expect(stderr).toContain('FILE_UNWRITABLE');
  expect(told()).toEqual(['command-failed calendar OPEN']);
  expect(await cron(['--log', '/dev/full', '--', 'runs'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('What to do'),
  });
  const { alarm } = webhook.received[1]?.body ?? {};
  expect(alarm).toMatchObject({ subject: 'runs', summary: expect.stringContaining('exit code 1: FILE_UNWRITABLE: ') });
});

it('keeps the exit code and the error when its log is taken away meanwhile', async () => {
  const connection = await database.db.client.acquireConnection();
  try {
    await database.db.raw('LOCK TABLES schema_migration WRITE').connection(connection);
    const failing = start(['--log', log, '--', 'verify', '--date', 'tomorrow']);
    await inStatement(database.db, '%schema_migration%');
    rmSync(log);
    await database.db.raw('UNLOCK TABLES').connection(connection);
    expect(await failing.ended).toMatchObject({ code: 2, stderr: '' });
  } finally {
    await database.db.client.releaseConnection(connection);
  }
  expect(webhook.received[0]?.body.alarm.summary).toContain('exit code 2: DATE_INVALID: "tomorrow" is not a date');
});

it('says where the command has to stand', async () => {
  const { code, stderr } = await cron(['settle', '--date', 'yesterday']);
  expect(code).toBe(2);
  expect(stderr).toContain('magam cron -- settle --date yesterday');
});

it('does not run itself, nor what looks for alarms', async () => {
  for (const word of ['cron', 'alarms']) expect(await cron(['--', word])).toMatchObject({ code: 2 });
  expect(await cron([])).toMatchObject({ code: 2 });
});

describe('the outcome', () => {
  const outcome = (exitCode: number, output = ''): Outcome => ({ words: ['verify'], exitCode, output });

  it.each([0, 3, 5])('exit code %i is no failure', (code) => expect(succeeded(outcome(code))).toBe(true));
  it.each([1, 2, 4, 130, 137])('exit code %i is one', (code) => expect(succeeded(outcome(code))).toBe(false));

  it.each([
    ['', 'magam verify ended with exit code 1.'],
    ['note\nDATE_EMPTY: no entries.\n{\n  "x": 1\n}\n', 'magam verify ended with exit code 1: DATE_EMPTY: no entries.'],
    [
      '{\n  "error": {\n    "code": "RUN_HELD",\n    "message": "A \\"b\\"."\n  }\n}\n',
      'magam verify ended with exit code 1: RUN_HELD: A "b".',
    ],
    ['something\nKilled\n', 'magam verify ended with exit code 1: Killed.'],
    [
      "error: unknown command 'nonsense'\n(magam --help says what is possible)\n",
      "magam verify ended with exit code 1: error: unknown command 'nonsense'.",
    ],
  ])('of the output %j', (output, summary) => {
    expect(commandCause(outcome(1, output)).summary).toBe(summary);
  });

  it.each([
    [137, 'magam verify ended with exit code 137 (SIGKILL).'],
    [130, 'magam verify ended with exit code 130.'],
    [200, 'magam verify ended with exit code 200.'],
  ])('exit code %i', (code, summary) => expect(commandCause(outcome(code)).summary).toBe(summary));

  it('is on one line, whatever its text is', () => {
    const { subject } = commandCause({
      words: ['settle\n--- 2026-01-01 magam pay', '\u001b[2J'],
      exitCode: 2,
      output: '',
    });
    expect(subject).toBe('settle --- 2026-01-01 magam pay  [2J');
  });
});
