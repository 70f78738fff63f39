/** A database that goes away for good, or answers nothing any more, while a date is settled: the command ends, with a code. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../scripts/chaos/magam.mjs';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { documentOf, type FailureDocument, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

const codeOf = (ended: { stdout: string }): string => documentOf<FailureDocument>(ended).error.code;
/** An outage is not waited for. */
const IMPATIENT = { MAGAM_OUTAGE_MS: '0' };

/** One thread is enough to meet each kind of statement. */
const PLAIN = ['--workers', '1'];
/** What comes by the clock, a fifth of a lease apart: only work that takes longer is sure to meet it. */
const BY_CLOCK = /^UPDATE (run_partition SET lease_until|job_execution SET heartbeat_at)/;
const LONG = { settings: { MAGAM_LEASE_MS: '500' }, args: [...PLAIN, '--chunk-size', '10'] };

/** What a statement does, without its values. */
const kindOf = (statement: string): string =>
  statement
    .replace(/\s+/g, ' ')
    .replace(/'[^']*'?|\d+/g, '?')
    .slice(0, 45);
const patternOf = (kind: string): RegExp =>
  new RegExp(
    `^${kind
      .replace(/[.*+^${}()|[\]\\`]/g, '\\$&')
      .replace(/\\?\?/g, `('[^']*'?|\\d+)`)
      .replaceAll(' ', '\\s+')}`,
  );

describe('a database that goes away for good', () => {
  it('at any statement of the work ends the command with its code, and the next one finishes', async () => {
    const recorder = await startProxy(feed.db.url, []);
    const recorded = feed.startSettle({ ...LONG.settings, MAGAM_DATABASE_URL: recorder.url }, LONG.args);
    expect(await recorded.ended).toMatchObject({ code: 0 });
    const kinds = recorder.statements().map(kindOf);
    await recorder.close();
    // From the first claim to the totals that the finish begins with.
    const work = kinds.slice(kinds.findIndex((kind) => kind.startsWith('INSERT INTO partition_execution')) - 3);
    const all = new Set(
      work.slice(
        0,
        work.findIndex((kind) => kind.startsWith('SELECT s.currency')),
      ),
    );
    expect(all.size).toBeGreaterThan(15);
    expect([...all].filter((kind) => BY_CLOCK.test(kind))).toHaveLength(2);
    const strike = async (kind: string, settle: 'settle' | 'startSettle'): Promise<void> => {
      await feed.reset();
      const proxy = await startProxy(feed.db.url, [{ statement: patternOf(kind), place: 'down', nth: 1 }]);
      const { settings, args } = BY_CLOCK.test(kind) ? LONG : { settings: {}, args: PLAIN };
      const given = { ...IMPATIENT, ...settings, MAGAM_DATABASE_URL: proxy.url };
      const ended = await (settle === 'settle' ? feed.settle(given, args) : feed.startSettle(given, args).ended);
      const struck = proxy.cuts();
      await proxy.close();
      expect({ kind, struck, ...ended }).toMatchObject({ kind, struck: 1, code: 1, overdue: false });
      expect({ kind, code: codeOf(ended) }).toEqual({ kind, code: 'DATABASE_UNAVAILABLE' });
      expect(ended.stderr).not.toMatch(/^ {4}at /m); // no stack
    };
    for (const kind of all) await strike(kind, 'settle');
    // The process ends, too: of a thread's statement, of what comes by the clock, and of the finish.
    const [claim] = [...all].filter((kind) => kind.startsWith('INSERT INTO partition_execution'));
    const [beat] = [...all].filter((kind) => BY_CLOCK.test(kind));
    const lines = [...all].filter((kind) => /^(INSERT INTO settlement_line|LOAD DATA)/.test(kind)).slice(0, 1);
    const finish = ['INSERT INTO settlement_certificate', 'UPDATE job_execution SET status = ?, generation'];
    for (const kind of [claim as string, beat as string, ...lines, ...finish]) await strike(kind, 'startSettle');
    await feed.finish();
  });
});

describe('a connection that is frozen and not cut', () => {
  const frozenAt = (statement: RegExp, nth = 2) => startProxy(feed.db.url, [{ statement, place: 'freeze', nth }]);

  it('in a chunk is given up by itself, and the next command finishes', async () => {
    const proxy = await frozenAt(/^UPDATE run_partition SET seq = seq/);
    const settings = { ...IMPATIENT, MAGAM_ANSWER_MS: '1000', MAGAM_DATABASE_URL: proxy.url };
    const ended = await feed.startSettle(settings).ended;
    const struck = proxy.cuts();
    await proxy.close();
    expect({ struck, ...ended }).toMatchObject({ struck: 1, code: 1, overdue: false });
    await feed.finish();
  });

  it('in the main thread is given up, and the next command finishes', async () => {
    const proxy = await frozenAt(/^SELECT s\.currency, COUNT/);
    const settling = feed.startSettle({ ...IMPATIENT, MAGAM_ANSWER_MS: '1000', MAGAM_DATABASE_URL: proxy.url });
    // A statement over a whole date would be waited for much longer: the command is told to stop.
    await until(() => Promise.resolve(proxy.cuts() === 1), 'the proxy freezes');
    settling.send('SIGTERM');
    const ended = await settling.ended;
    await proxy.close();
    expect(ended.overdue).toBe(false);
    expect([1, 130]).toContain(ended.code);
    await feed.finish();
  });

  it('with its first statement is given up, too', async () => {
    const proxy = await frozenAt(/^SET time_zone/, 1);
    const ended = await feed.startSettle({ ...IMPATIENT, MAGAM_ANSWER_MS: '1000', MAGAM_DATABASE_URL: proxy.url })
      .ended;
    const struck = proxy.cuts();
    await proxy.close();
    expect({ struck, ...ended }).toMatchObject({ struck: 1, code: 1, overdue: false });
    await feed.finish();
  });

  it('does not hold up a command that is told to stop, whatever it waits for', async () => {
    const held = { MAGAM_FAULT: 'chunk.before-commit:wait:1:/no/such/file', MAGAM_STOP_MS: '1500' };
    const settling = feed.startSettle(held);
    await settling.says('FAULT chunk.before-commit');
    settling.send('SIGTERM');
    expect(await settling.ended).toMatchObject({ code: 130, overdue: false });
    await feed.finish();
  });
});
