import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BusinessCalendar, ROLLS } from '../../../../core/business-days/rules/business-calendar.js';
import { holidaysOf, WEEKDAY_NAMES } from '../../../../core/business-days/rules/holidays.js';
import { payoutDate, periodOf, periodsOf } from '../../../../core/terms/rules/periods.js';
import type { Cycle, Delay, SellerTerms } from '../../../../core/terms/rules/seller-terms.js';
import { type TermsSpan, timelineOf } from '../../../../core/terms/rules/terms-book.js';
import { addDays, datesBetween } from '../../../../kernel/business-date.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { makeTerms } from '../../../support/terms.js';

const calendar = new BusinessCalendar(7, holidaysOf({ holidays: [], workdays: [] }));
const always = (terms: Partial<SellerTerms>): TermsSpan[] =>
  timelineOf([makeTerms({ effectiveFrom: '2020-01-01', ...terms })], []);

/** `first day – last day → payout` of each period that has a day in the range. */
const shown = (timeline: readonly TermsSpan[], from: string, to: string): string[] =>
  periodsOf(timeline, from, to, calendar).map(
    (it) => `${it.from} – ${it.closesOn} → ${it.payoutOn}${it.cut ? ', cut' : ''}`,
  );

const business = (count: number): Delay => ({ unit: 'businessDays', count });
const days = (count: number): Delay => ({ unit: 'days', count });

/*
 * September and October 2026, worked out by hand. Banks are closed on Saturdays, Sundays and on
 * Thu 24, Fri 25 (and Sat 26) September, Chuseok: a Saturday gives it no substitute; Mon 28 is open;
 * Mon 5 October, for Saturday the third; Fri 9 October.
 */
describe('periods of September and October 2026', () => {
  it('weekly to Sunday, paid on the third business day', () => {
    expect(
      shown(always({ cycle: { type: 'weekly', closesOn: 'sunday' }, delay: business(3) }), '2026-09-01', '2026-10-31'),
    ).toEqual([
      '2026-08-31 – 2026-09-06 → 2026-09-09', // Mon, Tue, Wed
      '2026-09-07 – 2026-09-13 → 2026-09-16',
      '2026-09-14 – 2026-09-20 → 2026-09-23', // the day before Chuseok
      '2026-09-21 – 2026-09-27 → 2026-09-30',
      '2026-09-28 – 2026-10-04 → 2026-10-08', // Mon 5 is off: Tue, Wed, Thu
      '2026-10-05 – 2026-10-11 → 2026-10-14',
      '2026-10-12 – 2026-10-18 → 2026-10-21',
      '2026-10-19 – 2026-10-25 → 2026-10-28',
      '2026-10-26 – 2026-11-01 → 2026-11-04',
    ]);
  });

  it('weekly to Wednesday, paid on the second business day', () => {
    expect(
      shown(
        always({ cycle: { type: 'weekly', closesOn: 'wednesday' }, delay: business(2) }),
        '2026-09-14',
        '2026-10-14',
      ),
    ).toEqual([
      '2026-09-10 – 2026-09-16 → 2026-09-18',
      '2026-09-17 – 2026-09-23 → 2026-09-29', // Thu to Sun are off: Mon 28, Tue 29
      '2026-09-24 – 2026-09-30 → 2026-10-02',
      '2026-10-01 – 2026-10-07 → 2026-10-12', // Thu 8; Fri 9 is off; Mon 12
      '2026-10-08 – 2026-10-14 → 2026-10-16',
    ]);
  });

  it('half-monthly, paid ten days after, by each holiday rule', () => {
    const cycle = { type: 'half-monthly' } as const;
    const payouts = ROLLS.map((holidayRule) =>
      shown(always({ cycle, delay: days(10), holidayRule }), '2026-09-01', '2026-10-31'),
    );
    // Fri 25 September is Chuseok, Sat 10 October a Saturday, Sun 25 October a Sunday, Tue 10 November a business day.
    expect(payouts[0]).toEqual([
      '2026-09-01 – 2026-09-15 → 2026-09-23',
      '2026-09-16 – 2026-09-30 → 2026-10-08', // Fri 9 is off too
      '2026-10-01 – 2026-10-15 → 2026-10-23',
      '2026-10-16 – 2026-10-31 → 2026-11-10',
    ]);
    expect(payouts[1]?.map((it) => it.slice(-10))).toEqual(['2026-09-28', '2026-10-12', '2026-10-26', '2026-11-10']);
    expect(payouts[2]?.map((it) => it.slice(-10))).toEqual(['2026-09-25', '2026-10-10', '2026-10-25', '2026-11-10']);
  });

  it('monthly, and on given dates', () => {
    expect(
      shown(always({ cycle: { type: 'monthly', closesOn: 31 }, delay: business(5) }), '2026-09-30', '2026-10-01'),
    ).toEqual([
      '2026-09-01 – 2026-09-30 → 2026-10-08', // Thu 1, Fri 2, Tue 6, Wed 7, Thu 8
      '2026-10-01 – 2026-10-31 → 2026-11-06',
    ]);
    expect(
      shown(always({ cycle: { type: 'monthly', closesOn: 23 }, delay: business(1) }), '2026-09-23', '2026-09-24'),
    ).toEqual(['2026-08-24 – 2026-09-23 → 2026-09-28', '2026-09-24 – 2026-10-23 → 2026-10-26']);
    const closesOn = ['2026-09-10', '2026-09-24', '2026-10-08'];
    expect(
      shown(
        always({ effectiveFrom: '2026-09-01', cycle: { type: 'dates', closesOn }, delay: business(1) }),
        '2026-09-01',
        '2026-10-31',
      ),
    ).toEqual([
      '2026-09-01 – 2026-09-10 → 2026-09-11',
      '2026-09-11 – 2026-09-24 → 2026-09-28',
      '2026-09-25 – 2026-10-08 → 2026-10-12',
      '2026-10-09 – null → null',
    ]);
  });

  it('daily over Chuseok', () => {
    expect(shown(always({ cycle: { type: 'daily' }, delay: business(1) }), '2026-09-22', '2026-09-28')).toEqual([
      '2026-09-22 – 2026-09-22 → 2026-09-23',
      '2026-09-23 – 2026-09-23 → 2026-09-28',
      '2026-09-24 – 2026-09-24 → 2026-09-28',
      '2026-09-25 – 2026-09-25 → 2026-09-28',
      '2026-09-26 – 2026-09-26 → 2026-09-28',
      '2026-09-27 – 2026-09-27 → 2026-09-28',
      '2026-09-28 – 2026-09-28 → 2026-09-29',
    ]);
  });
});

describe('a change of terms', () => {
  const general = makeTerms({
    seller: null,
    effectiveFrom: '2026-01-01',
    cycle: { type: 'monthly', closesOn: 31 },
    delay: business(5),
  });
  const own = makeTerms({
    effectiveFrom: '2026-09-10',
    effectiveTo: '2026-09-22',
    cycle: { type: 'weekly', closesOn: 'sunday' },
    delay: business(1),
  });

  it('within a period cuts it on the day before, under its own terms', () => {
    expect(shown(timelineOf([own], [general]), '2026-09-01', '2026-09-30')).toEqual([
      '2026-09-01 – 2026-09-09 → 2026-09-16, cut',
      '2026-09-10 – 2026-09-13 → 2026-09-14',
      '2026-09-14 – 2026-09-20 → 2026-09-21',
      '2026-09-21 – 2026-09-22 → 2026-09-23, cut',
      '2026-09-23 – 2026-09-30 → 2026-10-08',
    ]);
  });

  it('at the end of a period cuts nothing', () => {
    const next = { ...general, version: 2, effectiveFrom: '2026-10-01', cycle: { type: 'daily' } as const };
    expect(shown(timelineOf([], [general, next]), '2026-09-30', '2026-10-01')).toEqual([
      '2026-09-01 – 2026-09-30 → 2026-10-08',
      '2026-10-01 – 2026-10-01 → 2026-10-12',
    ]);
  });

  it('says whose terms and which calendar a period goes by', () => {
    expect(periodOf(timelineOf([own], [general]), '2026-09-12', calendar)).toEqual({
      from: '2026-09-10',
      closesOn: '2026-09-13',
      payoutOn: '2026-09-14',
      cut: false,
      seller: 'S1',
      termsVersion: 1,
      calendarVersion: 7,
    });
  });

  it('leaves days without terms in no period', () => {
    expect(periodOf(timelineOf([own], []), '2026-09-23', calendar)).toEqual({
      refused: 'TERMS_MISSING',
      details: { date: '2026-09-23' },
    });
    expect(shown(timelineOf([own], []), '2026-09-01', '2026-12-31').length).toBe(3);
  });

  it('closes an open period of given dates', () => {
    const dates = {
      ...general,
      cycle: { type: 'dates', closesOn: ['2026-01-31'] } as const,
      effectiveTo: '2026-02-10',
    };
    expect(shown(timelineOf([], [dates]), '2026-02-01', '2026-03-01')).toEqual([
      '2026-02-01 – 2026-02-10 → 2026-02-20, cut',
    ]);
  });
});

it.each(['2051-01-01', '9999-12-31', '1999-12-31'])(
  'there is no period of %s, which the calendar does not know',
  (date) => {
    const cycles: Cycle[] = [
      { type: 'daily' },
      { type: 'weekly', closesOn: 'sunday' },
      { type: 'half-monthly' },
      { type: 'monthly', closesOn: 31 },
    ];
    for (const cycle of cycles)
      expect(() => periodOf(always({ cycle, effectiveFrom: '1990-01-01' }), date, calendar)).toThrow(
        expect.objectContaining({ code: 'BUSINESS_DAY_UNKNOWN' }),
      );
  },
);

it('a payout never comes before its period is over', () => {
  // Two days after Wednesday 23 September is Chuseok, and the business day before that is the 23rd itself.
  const terms = { delay: days(2), holidayRule: 'before' } as const;
  expect(payoutDate(terms, '2026-09-23', calendar)).toBe('2026-09-28');
});

const FIRST = '2026-01-01';
const dateFrom = (max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map((n) => addDays(FIRST, n));
const cycles: fc.Arbitrary<Cycle> = fc.oneof(
  fc.constant<Cycle>({ type: 'daily' }),
  fc.constantFrom(...WEEKDAY_NAMES).map((closesOn): Cycle => ({ type: 'weekly', closesOn })),
  fc.constant<Cycle>({ type: 'half-monthly' }),
  fc.integer({ min: 1, max: 31 }).map((closesOn): Cycle => ({ type: 'monthly', closesOn })),
  fc
    .uniqueArray(dateFrom(700), { minLength: 1, maxLength: 8 })
    .map((dates): Cycle => ({ type: 'dates', closesOn: dates.sort() })),
);
const delays: fc.Arbitrary<Delay> = fc.record({
  unit: fc.constantFrom('businessDays', 'days'),
  count: fc.integer({ min: 1, max: 20 }),
});

/** Versions that follow each other, some with a last day of their own. */
const versions = (seller: string | null, min: number): fc.Arbitrary<SellerTerms[]> =>
  fc
    .array(
      fc.record({
        gap: fc.integer({ min: 1, max: 120 }),
        ends: fc.option(fc.integer({ min: 0, max: 90 })),
        cycle: cycles,
        delay: delays,
        holidayRule: fc.constantFrom(...ROLLS),
      }),
      { minLength: min, maxLength: 5 },
    )
    .map((steps) => {
      let effectiveFrom = addDays(FIRST, -1);
      return steps.map(({ gap, ends, ...rest }, i) => {
        effectiveFrom = addDays(effectiveFrom, gap);
        const effectiveTo = ends === null ? null : addDays(effectiveFrom, ends);
        return makeTerms({ seller, version: i + 1, effectiveFrom, effectiveTo, ...rest });
      });
    });
const timelines = fc.tuple(versions('S1', 0), versions(null, 1));

describe('for every succession of terms', () => {
  it('each day with terms is in exactly one period, and each day of a period has its terms', () => {
    fc.assert(
      fc.property(timelines, ([own, general]) => {
        const timeline = timelineOf(own, general);
        const [from, to] = [addDays(FIRST, -10), addDays(FIRST, 800)];
        const periods = periodsOf(timeline, from, to, calendar);
        const counted = new Map<string, number>();
        for (const { from: first, closesOn } of periods)
          for (const day of datesBetween(first, closesOn === null || closesOn > to ? to : closesOn))
            counted.set(day, (counted.get(day) ?? 0) + 1);
        for (const day of datesBetween(from, to)) {
          // What is in force, said independently: the latest own version that has begun and not ended, else the same of all sellers.
          const latest = (of: SellerTerms[]) => of.filter((it) => it.effectiveFrom <= day).at(-1);
          const inForce = [latest(own), latest(general)].find(
            (it) => it !== undefined && (it.effectiveTo === null || day <= it.effectiveTo),
          );
          expect(counted.get(day) ?? 0).toBe(inForce === undefined ? 0 : 1);
          const period = periodOf(timeline, day, calendar);
          if (inForce === undefined) expect(isRefusal(period)).toBe(true);
          else expect(period).toMatchObject({ seller: inForce.seller, termsVersion: inForce.version });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a period is the same whichever of its days is asked for, and is paid out after it closes', () => {
    fc.assert(
      fc.property(timelines, dateFrom(800), ([own, general], day) => {
        const timeline = timelineOf(own, general);
        const period = periodOf(timeline, day, calendar);
        if (isRefusal(period)) return;
        const { from, closesOn, payoutOn } = period;
        expect(from <= day && (closesOn === null || day <= closesOn)).toBe(true);
        expect(periodOf(timeline, from, calendar)).toEqual(period);
        if (closesOn === null || payoutOn === null) return;
        expect(periodOf(timeline, closesOn, calendar)).toEqual(period);
        expect(payoutOn > closesOn).toBe(true);
      }),
    );
  });
});
