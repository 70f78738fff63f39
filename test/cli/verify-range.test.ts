/** `magam verify --from --to`: every date of a range, those without entries too. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { magam, magamJson } from '../support/magam.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../support/settled-date.js';

interface RangeDocument {
  readonly ok: boolean;
  readonly dates: readonly { date: string; ok: boolean; generations: number; lines: number }[];
  readonly checks: readonly { date: string; name: string; ok: boolean; detail?: string }[];
}
const EMPTY = '2026-03-31';

let date: SettledDate;
beforeAll(async () => {
  date = await createSettledDate();
});
afterAll(() => date.database.drop());

const verify = (...args: string[]) => magamJson<RangeDocument>(date.database.url, ['verify', ...args]);

describe('a range', () => {
  it('is verified date by date, and its chain once', async () => {
    const { code, document } = await verify('--from', EMPTY, '--to', NEXT_DAY);
    expect(code).toBe(0);
    expect(document.dates.map(({ date, ok, generations }) => [date, ok, generations])).toEqual([
      [EMPTY, true, 0],
      [DAY, true, 2],
      [NEXT_DAY, true, 1],
    ]);
    const chains = document.checks.filter(({ name }) => name === 'chain').map(({ detail }) => detail);
    expect(chains.filter((detail) => detail?.includes('back to the first one'))).toEqual([
      '3 certificates back to the first one',
    ]);
  });

  it('says which date differs, and looks at the others all the same', async () => {
    const { db } = date.database;
    await db.raw(`UPDATE settlement SET net = net + 1 WHERE settled_on = '${DAY}' AND generation = 2`);
    const { code, document } = await verify('--from', EMPTY, '--to', NEXT_DAY);
    const text = await magam(date.database.url, ['verify', '--from', EMPTY, '--to', NEXT_DAY]);
    await db.raw(`UPDATE settlement SET net = net - 1 WHERE settled_on = '${DAY}' AND generation = 2`);
    expect([code, text.code]).toEqual([4, 4]);
    expect(document.dates.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(text.stdout).toContain(`${DAY} settlements: seller S-KWD`);
    expect(text.stdout).toContain(`${EMPTY}: closed without entries, as it was certified.`);
    expect(text.stdout).toMatch(new RegExp(`^Changed on ${DAY}:\n  seller S-KWD, KWD, generation 2: .* → `, 'm'));
    expect(text.stderr.trimEnd()).toMatch(/\nWhat to do: .+$/);
  });

  it('has no gaps: a date that lost everything is missed', async () => {
    const { db } = date.database;
    await db.raw(`UPDATE settlement_certificate SET settled_on = '2020-01-01' WHERE settled_on = '${DAY}'`);
    const { code, document } = await verify('--from', EMPTY, '--to', NEXT_DAY);
    await db.raw(`UPDATE settlement_certificate SET settled_on = '${DAY}' WHERE settled_on = '2020-01-01'`);
    expect(code).toBe(4);
    expect(document.dates.find((one) => one.date === DAY)?.ok).toBe(false);
  });

  describe('names a calendar that was changed', () => {
    const LATER = '2026-04-20';
    const whileShutThrough = async (shut: string, ...args: string[]) => {
      const { db } = date.database;
      await db.raw(`UPDATE settlement_calendar SET shut_through = '${shut}'`);
      const { code, document } = await verify(...args);
      await db.raw(`UPDATE settlement_calendar SET shut_through = '${NEXT_DAY}'`);
      return [code, document.checks.find(({ name }) => name === 'shut-through')];
    };

    it.each([
      ['a closed date is opened again', EMPTY, ['--from', DAY, '--to', NEXT_DAY]],
      ['a date that was closed empty is opened again', '2026-03-01', ['--from', EMPTY, '--to', EMPTY]],
      ['a later date is shut, and so is all of the range', LATER, ['--from', DAY, '--to', LATER]],
      ['a later date is shut than those of the range', LATER, ['--from', EMPTY, '--to', DAY]],
      ['the date is shut and was not settled', LATER, ['--date', LATER]],
      ['a later date than the one that was settled', LATER, ['--date', NEXT_DAY]],
    ])('%s', async (_how, shut, args) => {
      const named = { ok: false, expected: NEXT_DAY, actual: shut };
      expect(await whileShutThrough(shut, ...args)).toMatchObject([4, named]);
    });
  });

  it.each([
    [['--from', DAY, '--to', '2026-04-20'], 1, 'DATE_NOT_CLOSED'],
    [['--from', NEXT_DAY, '--to', DAY], 2, 'USAGE'],
    [['--date', DAY, '--from', DAY], 2, 'USAGE'],
    [['--to', DAY], 2, 'USAGE'],
    [[], 2, 'USAGE'],
  ])('%j is refused', async (args, exit, error) => {
    const { code, document } = await magamJson<{ error: { code: string } }>(date.database.url, ['verify', ...args]);
    expect([code, document.error.code]).toEqual([exit, error]);
  });

  it('is not held against a date that is being settled', async () => {
    const { url } = date.database;
    const later = ['settle', '--date', '2026-04-03', '--allow-empty'];
    const killed = await startMagam(later, environment(url, { MAGAM_FAULT: 'run.opened:kill' })).ended;
    expect(killed.signal).toBe('SIGKILL');
    expect((await verify('--from', EMPTY, '--to', NEXT_DAY)).code).toBe(0);
    const refused = await magamJson<{ error: { code: string } }>(url, ['verify', '--from', DAY, '--to', '2026-04-03']);
    expect([refused.code, refused.document.error.code]).toEqual([1, 'DATE_NOT_CLOSED']);
    expect([0, 3]).toContain((await magam(url, later)).code);
    expect((await verify('--from', DAY, '--to', '2026-04-03')).code).toBe(0);
  });
});
