import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { businessCalendar, importHolidays, keptCalendar } from '../../core/business-days/keep-calendar.js';
import { select } from '../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';

let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'magam-terms-'));
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

interface Failure {
  readonly error: { code: string; message: string; details: { faults: { path: string; code: string }[] } };
}
const run = <T>(...args: string[]) => magamJson<T>(database.url, args);
const audited = (subject: string) =>
  select<{ action: string; id: string; user: string | null }>(
    database.db,
    'SELECT action, subject_id AS id, actor_user_name AS user FROM audit_log WHERE subject_type = ? ORDER BY audit_id',
    [subject],
  );

describe('magam business-days', () => {
  interface Shown {
    readonly year: number;
    readonly version: number;
    readonly holidays: { date: string; name: string; kind: string }[];
  }
  interface Imported {
    readonly version: number;
    readonly unchanged: boolean;
    readonly added: { date: string }[];
    readonly removed: { date: string }[];
  }
  const shown = async (year: string, ...more: string[]) =>
    (await run<Shown>('business-days', 'show', '--year', year, ...more)).document;

  it('shows the holidays of a year by the rules, as version 1', async () => {
    const { version, holidays } = await shown('2027');
    expect([version, holidays.length]).toEqual([1, 23]);
    expect(holidays[1]).toEqual({ date: '2027-02-06', name: '설날 전날', kind: 'lunar' });
    const { stdout } = await magam(database.url, ['business-days', 'show', '--year', '2027']);
    expect(stdout).toContain('2027, version 1 of the calendar');
    expect(stdout).toMatch(/2027-02-09 +tuesday +substitute +설날 대체공휴일/);
  });

  it('imports a file as a new version, once, and keeps the version before', async () => {
    const path = file('days.json', {
      holidays: [{ date: '2026-06-03', name: '지방선거', kind: 'election' }],
      workdays: ['2027-07-19'],
    });
    const first = await run<Imported>('business-days', 'import', path);
    expect(first).toMatchObject({
      code: 0,
      document: { version: 2, unchanged: false, added: [{ date: '2026-06-03' }], removed: [{ date: '2027-07-19' }] },
    });
    expect(await run<Imported>('business-days', 'import', path)).toEqual({
      code: 0,
      document: { version: 2, unchanged: true, added: [], removed: [] },
    });
    expect((await shown('2026')).holidays.some(({ kind }) => kind === 'election')).toBe(true);
    expect((await shown('2026', '--calendar', '1')).holidays.some(({ kind }) => kind === 'election')).toBe(false);
    const days = ['1', '2'].map(async (version) =>
      (await businessCalendar(database.db, Number(version))).isBusinessDay('2026-06-03'),
    );
    expect(await Promise.all(days)).toEqual([true, false]);
    expect(await audited('business-calendar')).toEqual([
      { action: 'business-calendar.import', id: '2', user: expect.any(String) },
    ]);
  });

  it('refuses a file with every fault named, and changes nothing', async () => {
    const path = file('wrong.json', {
      holidays: [{ date: '2026-13-01', name: '', kind: 'party' }],
      workdays: ['2026-10-03'],
    });
    const { code, document } = await run<Failure>('business-days', 'import', path);
    expect([code, document.error.code]).toEqual([1, 'HOLIDAY_FILE_INVALID']);
    expect(document.error.details.faults.map((fault) => `${fault.path} ${fault.code}`)).toEqual([
      'holidays[0].date DATE_INVALID',
      'holidays[0].name HOLIDAY_INVALID',
      'holidays[0].kind HOLIDAY_INVALID',
      'workdays[0] HOLIDAY_INVALID',
    ]);
    expect((await keptCalendar(database.db)).version).toBe(2);
  });

  it.each([
    [['show', '--year', '1999'], 2, 'USAGE'],
    [['show', '--year', 'soon'], 2, 'USAGE'],
    [['show', '--calendar', '99'], 1, 'BUSINESS_CALENDAR_NOT_FOUND'],
    [['import', join(folder, 'none.json')], 1, 'FILE_UNREADABLE'],
  ])('refuses %j', async (args, code, error) => {
    const outcome = await run<Failure>('business-days', ...args);
    expect([outcome.code, outcome.document.error.code]).toEqual([code, error]);
  });

  it('gives imports at once a version each, none of which lacks what the other said', async () => {
    const day = (date: string) => ({ holidays: [{ date, name: 'Day', kind: 'temporary' as const }], workdays: [] });
    const imports = ['2030-03-11', '2030-03-12', '2030-03-13'].map((date) =>
      importHolidays(database.db, day(date), 'test'),
    );
    expect((await Promise.all(imports)).map(({ version }) => version).sort()).toEqual([3, 4, 5]);
    const { version, announced } = await keptCalendar(database.db);
    expect([version, announced.holidays.length]).toEqual([5, 4]);
  });

  it('makes a version where the latest one is of older rules', async () => {
    await database.db.raw("UPDATE business_calendar SET rules_number = 0, holidays = '[]' WHERE version = 5");
    const made = await Promise.all([keptCalendar(database.db), keptCalendar(database.db)]);
    expect(made.map(({ version, announced }) => [version, announced.holidays.length])).toEqual([
      [6, 4],
      [6, 4],
    ]);
    expect((await keptCalendar(database.db, 5)).holidays).toEqual([]);
  });
});

describe('magam terms', () => {
  const weekly = { cycle: { type: 'weekly', closesOn: 'sunday' }, delay: { businessDays: 3 } };
  const general = { seller: null, effectiveFrom: '2026-01-01', ...weekly };
  const own = {
    seller: 'S1',
    effectiveFrom: '2026-09-10',
    cycle: { type: 'daily' },
    delay: { businessDays: 1 },
    hold: { reason: 'check' },
  };

  it('applies a file, says what it did, and changes nothing the second time', async () => {
    const path = file('terms.json', { terms: [general, own] });
    const first = await magam(database.url, ['terms', 'apply', path]);
    expect(first.stdout).toBe('applied    all sellers version 1\napplied    S1 version 1\n');
    expect(await run('terms', 'apply', path)).toEqual({
      code: 0,
      document: {
        revision: 1,
        applied: [],
        unchanged: [
          { seller: null, version: 1 },
          { seller: 'S1', version: 1 },
        ],
      },
    });
    expect(await audited('terms')).toEqual([{ action: 'terms.apply', id: '1', user: expect.any(String) }]);
  });

  it('refuses a file without terms', async () => {
    const { code, document } = await run<Failure>('terms', 'apply', file('empty.json', { terms: [] }));
    expect([code, document.error.code]).toEqual([1, 'TERMS_FILE_INVALID']);
    expect(document.error.details.faults).toMatchObject([{ path: 'terms', code: 'TERMS_INVALID' }]);
  });

  it('shows what is in force on a date, and the period of the date', async () => {
    const at = (seller: string, date: string) => run<Record<string, unknown>>('terms', 'show', seller, '--at', date);
    expect((await at('S1', '2026-09-09')).document).toMatchObject({
      inForceFrom: '2026-01-01',
      inForceThrough: '2026-09-09',
      terms: { seller: null, version: 1, holidayRule: 'after' },
      period: { from: '2026-09-07', closesOn: '2026-09-09', payoutOn: '2026-09-14', cut: true, calendarVersion: 6 },
      versions: [1],
    });
    expect((await at('S1', '2026-09-23')).document).toMatchObject({
      inForceThrough: null,
      terms: { seller: 'S1', hold: { reason: 'check' } },
      period: { from: '2026-09-23', payoutOn: '2026-09-28' },
    });
    expect((await at('S2', '2026-09-23')).document).toMatchObject({ terms: { seller: null }, versions: [] });
    const { stdout } = await magam(database.url, ['terms', 'show', 'S1', '--at', '2026-09-09']);
    expect(stdout).toContain('S1 on 2026-09-09: version 1 of all sellers');
    expect(stdout).toContain('period 2026-09-07 to 2026-09-09 (cut by the end of these terms), paid out on 2026-09-14');
  });

  it('lists every version', async () => {
    const { stdout } = await magam(database.url, ['terms', 'list']);
    expect(stdout).toMatch(/all sellers +1 +2026-01-01 +open +weekly, closes on sunday +3 business days after/);
    const { document } = await run<{ terms: { seller: string | null }[] }>('terms', 'list');
    expect(document.terms.map(({ seller }) => seller)).toEqual([null, 'S1']);
  });

  it('refuses a file with every fault named, those against what is stored too, and changes nothing', async () => {
    const terms = [
      { ...own, hold: null },
      { ...general, version: 2, delay: {} },
      { ...own, version: 2, effectiveFrom: '2026-09-10' },
    ];
    const { code, document } = await run<Failure>('terms', 'apply', file('wrong.json', { terms }));
    expect([code, document.error.code]).toEqual([1, 'TERMS_FILE_INVALID']);
    expect(document.error.details.faults.map((fault) => `${fault.path} ${fault.code}`)).toEqual([
      'terms[1].delay TERMS_INVALID',
      'terms[0] TERMS_IMMUTABLE',
      'terms[2] TERMS_OUT_OF_ORDER',
    ]);
    const immutable = await run<Failure>('terms', 'apply', file('immutable.json', { terms: [terms[0]] }));
    expect(immutable.document.error.code).toBe('TERMS_IMMUTABLE');
    const mixed = await run<Failure>('terms', 'apply', file('mixed.json', { terms: [terms[0], terms[2]] }));
    expect(mixed.document.error.code).toBe('TERMS_FILE_INVALID');
    expect((await run<{ terms: unknown[] }>('terms', 'list')).document.terms.length).toBe(2);
  });

  it.each([
    [['show', 'S1', '--at', '2025-12-31'], 1, 'TERMS_MISSING'],
    [['show', 'S1', '--at', '2026-02-30'], 2, 'DATE_INVALID'],
    [['show', ' S1'], 1, 'ID_INVALID'],
    [['show', 'S1', '--at', '2050-12-31'], 1, 'BUSINESS_DAY_UNKNOWN'],
    [['apply', join(folder, 'none.json')], 1, 'FILE_UNREADABLE'],
    [['show'], 2, 'USAGE'],
  ])('refuses %j', async (args, code, error) => {
    const outcome = await run<Failure>('terms', ...args);
    expect([outcome.code, outcome.document.error.code]).toEqual([code, error]);
  });

  it('says when stored terms were changed in the database', async () => {
    await database.db.raw("UPDATE seller_terms SET definition = 'x' WHERE seller_id = 'S1'");
    const { document } = await run<Failure>('terms', 'show', 'S1');
    expect(document.error.code).toBe('TERMS_UNREADABLE');
  });
});
