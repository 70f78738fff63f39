/** What the log says about an outage, and when: on a clock that the test sets. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { openProcessLog } from '../../infra/log.js';
import { logOfLoops, noticeOfRedis, OutageNotice } from '../../infra/outage-notice.js';
import { RedisAway } from '../../infra/redis.js';

let lines: string[];
let answers: boolean;
const logger = openProcessLog('info', 'test', {
  write: (line) => {
    const { level, msg, error } = JSON.parse(line) as Record<string, string>;
    lines.push([level, msg, ...(error === undefined ? [] : [error])].join(' | '));
  },
});
const probe = async (): Promise<void> => {
  if (!answers) throw new Error('no answer');
};
let database: OutageNotice;
let hints: OutageNotice;
let log: ReturnType<typeof logOfLoops>;
beforeEach(() => {
  jest.useFakeTimers();
  [lines, answers] = [[], false];
  database = new OutageNotice(logger, { name: 'database', level: 'error', meanwhile: 'trying again', probe });
  hints = noticeOfRedis(logger, 'Redis', probe);
  log = logOfLoops(logger, { database, hints });
});
afterEach(() => {
  database.close();
  hints.close();
  jest.useRealTimers();
});

const after = (seconds: number): Promise<void> => jest.advanceTimersByTimeAsync(seconds * 1_000);
const lost = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
const readOnly = Object.assign(new Error('read only'), { errno: 1836 });
const full = Object.assign(new Error('full'), { errno: 1114 });
const locked = Object.assign(new Error('waited for a lock'), { errno: 1205 });
const fail = (error: unknown): void => log('error', { error }, 'the loop could not work');

it('tells of an outage once, reminds each minute, and says how long it took', async () => {
  fail(lost);
  fail(lost);
  await after(59);
  fail(lost);
  expect(lines).toEqual(['error | database away, trying again | gone']);
  await after(1);
  expect(lines[1]).toBe('error | database away for 60 s, trying again');
  await after(60);
  expect(lines[2]).toBe('error | database away for 120 s, trying again');
  answers = true;
  await after(4);
  expect(lines).toHaveLength(3);
  await after(3);
  expect(lines.slice(3)).toEqual(['info | database back after 121 s']);
  await after(600);
  expect(lines).toHaveLength(4);
  fail(lost);
  expect(lines[4]).toBe(lines[0]);
});

it('does not say that a database is back which answers, while loops fail', async () => {
  answers = true;
  for (let n = 0; n < 6; n += 1) {
    fail(readOnly);
    await after(3);
  }
  expect(lines).toEqual(['error | database takes no writes, trying again | read only']);
  await after(5);
  expect(lines[1]).toBe('info | database back after 16 s');
});

it('waits longer for the next failure when the disk is full, because an answer says nothing about room', async () => {
  answers = true;
  fail(full);
  await after(30);
  fail(full);
  await after(59);
  expect(lines).toEqual(['error | database full, trying again | full']);
  await after(2);
  expect(lines[1]).toBe('info | database back after 31 s');
});

it('leaves the lines of other errors, and those about a row that somebody has locked', () => {
  fail(lost);
  fail(locked);
  fail(new Error('something else'));
  log('warn', { error: 'a text' }, 'a warning');
  log('info', {}, 'a fact');
  expect(lines.slice(1)).toEqual([
    'error | the loop could not work | waited for a lock',
    'error | the loop could not work | something else',
    'warn | a warning | a text',
    'info | a fact',
  ]);
});

it('tells once of a Redis that several connections have lost', async () => {
  hints.disconnected(new Error('refused'));
  fail(new RedisAway('Redis is away'));
  await after(60);
  expect(lines).toEqual([
    'warn | Redis away, going on without it | refused',
    'warn | Redis away for 60 s, going on without it',
  ]);
});

it('says nothing once it is closed', async () => {
  fail(lost);
  database.close();
  answers = true;
  await after(120);
  expect(lines).toHaveLength(1);
});
