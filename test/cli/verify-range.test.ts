/** `magam verify --from --to`: every date of a range, those without entries too. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
    expect(text.stdout).toContain('closed empty');
  });

  it('has no gaps: a date that lost everything is missed', async () => {
    const { db } = date.database;
    await db.raw(`UPDATE settlement_certificate SET settled_on = '2020-01-01' WHERE settled_on = '${DAY}'`);
    const { code, document } = await verify('--from', EMPTY, '--to', NEXT_DAY);
    await db.raw(`UPDATE settlement_certificate SET settled_on = '${DAY}' WHERE settled_on = '2020-01-01'`);
    expect(code).toBe(4);
    expect(document.dates.find((one) => one.date === DAY)?.ok).toBe(false);
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
});
