/** What is shown of a long command: on a terminal and elsewhere, and while the database is away. */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { startProgress } from '../../cli/progress.js';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { documentOf, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

it('an outage replaces rate and time left on a terminal, until the database is back', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120 });
  const progress = startProgress('Settling', 'entries', terminal as unknown as NodeJS.WriteStream);
  const shown = (): string => String(terminal.read() ?? '');
  progress.update(10, 100);
  expect(shown()).toContain('10/100 entries');
  progress.outage({ code: 'DATABASE_UNAVAILABLE', leftMs: 89_500 });
  const away = shown();
  progress.outage(undefined);
  const back = shown();
  progress.stop();
  expect(away).toContain('Settling: database away, trying again for 90 s more');
  expect(away).not.toContain('/s');
  expect(back).toContain('10/100 entries');
});

it('the time of an outage counts neither for the rate nor for the time left, and its end is told once', () => {
  const lines: string[] = [];
  const written = jest.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  jest.useFakeTimers();
  try {
    const progress = startProgress('Settling', 'entries', Object.assign(new PassThrough()) as never);
    const later = (ms: number): void => void jest.advanceTimersByTime(ms);
    progress.update(0, 9_000);
    later(1_000);
    progress.outage({ code: 'DATABASE_UNAVAILABLE', leftMs: 60_000 });
    later(60_000);
    progress.outage(undefined);
    progress.outage(undefined);
    progress.update(1_000, 9_000);
    later(4_000);
    progress.update(5_000, 9_000);
  } finally {
    jest.useRealTimers();
    written.mockRestore();
  }
  expect(lines).toEqual([
    'Settling: database away, trying again for 60 s more\n',
    'Settling: database back\n',
    'Settling: 5,000 of 9,000 entries, 1,000/s, 4 s left\n',
  ]);
});

it('a resumed run has the rate of its own work', async () => {
  const killed = await feed.startSettle({ MAGAM_FAULT: 'run.worked:kill' }).ended;
  expect(killed.signal).toBe('SIGKILL');
  const { code, stdout } = await feed.settle();
  expect([0, 3]).toContain(code);
  expect(documentOf<{ lines: number; entries: number }>({ stdout })).toMatchObject({ entries: 0 });
  expect(documentOf<{ lines: number }>({ stdout }).lines).toBeGreaterThan(0);
});

it('verify says for how long it tries again', async () => {
  await feed.finish();
  const proxy = await startProxy(feed.db.url, [
    { statement: /^START TRANSACTION WITH CONSISTENT/, place: 'down', nth: 1 },
  ]);
  const settings = { MAGAM_OUTAGE_MS: '1500', MAGAM_DATABASE_URL: proxy.url };
  const date = await feed.db.value('SELECT MAX(job_key) FROM job_instance');
  const ended = await feed.run(['verify', '--date', String(date)], settings);
  await proxy.close();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^Verifying: database away, trying again for [12] s more$/m);
  expect(ended.stderr).toMatch(/^DATABASE_UNAVAILABLE: [\s\S]*\nWhat to do: .+\n$/m);
});

it('settle says for how long it tries again', async () => {
  const proxy = await startProxy(feed.db.url, [{ statement: /^UPDATE run_partition SET/, place: 'down', nth: 2 }]);
  const ended = await feed.settle({ MAGAM_OUTAGE_MS: '1500', MAGAM_DATABASE_URL: proxy.url });
  await proxy.close();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^Settling .*: database away, trying again for [12] s more$/m);
  expect(ended.stderr).not.toMatch(/s left/);
  await feed.finish();
});
