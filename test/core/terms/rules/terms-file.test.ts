import { describe, expect, it } from '@jest/globals';
import { termsToFile } from '../../../../core/terms/rules/seller-terms.js';
import { parseTermsFile } from '../../../../core/terms/rules/terms-file.js';
import { makeTerms } from '../../../support/terms.js';

const least = {
  seller: 'S1',
  effectiveFrom: '2026-01-01',
  cycle: { type: 'weekly', closesOn: 'sunday' },
  delay: { businessDays: 3 },
};
const read = (...terms: unknown[]) => parseTermsFile(JSON.stringify({ terms }));
const faultsOf = (...terms: unknown[]): string[] => {
  const parsed = read(...terms);
  return 'faults' in parsed ? parsed.faults.map(({ path, code }) => `${path} ${code}`) : [];
};

describe('a file of terms', () => {
  it('is read with every default filled in', () => {
    expect(read(least)).toEqual({ terms: [makeTerms()] });
  });

  it('is read with everything in it, and written again as it was', () => {
    const full = {
      seller: null,
      version: 4,
      effectiveFrom: '2026-03-01',
      effectiveTo: '2026-12-31',
      cycle: { type: 'dates', closesOn: ['2026-03-10', '2026-03-20'] },
      delay: { days: 10 },
      holidayRule: 'before',
      minimums: {
        KRW: { amount: '10000', carryForwardPeriods: 3 },
        USD: { amount: '12.50', carryForwardPeriods: null },
      },
      reserve: { percent: '5.5', days: 30 },
      hold: { reason: '계좌 확인 중' },
      noSetOff: true,
      clawback: ['receivable'],
    };
    const parsed = read(full);
    expect(parsed).toEqual({
      terms: [
        makeTerms({
          seller: null,
          version: 4,
          effectiveFrom: '2026-03-01',
          effectiveTo: '2026-12-31',
          cycle: { type: 'dates', closesOn: ['2026-03-10', '2026-03-20'] },
          delay: { unit: 'days', count: 10 },
          holidayRule: 'before',
          minimums: [
            { currency: 'KRW', amountMinor: 10_000, carryForwardPeriods: 3 },
            { currency: 'USD', amountMinor: 1_250, carryForwardPeriods: null },
          ],
          reserve: { rateE4: 55_000, days: 30 },
          hold: { reason: '계좌 확인 중' },
          noSetOff: true,
          clawback: ['receivable'],
        }),
      ],
    });
    expect('terms' in parsed && parsed.terms[0] !== undefined && termsToFile(parsed.terms[0])).toEqual(full);
  });

  it('takes the steps that net nothing where nothing may be netted', () => {
    expect(read({ ...least, noSetOff: true })).toEqual({
      terms: [makeTerms({ noSetOff: true, clawback: ['receivable', 'write-off'] })],
    });
  });

  it('closes each month on its last day unless it says otherwise', () => {
    expect(read({ ...least, cycle: { type: 'monthly' } })).toEqual({
      terms: [makeTerms({ cycle: { type: 'monthly', closesOn: 31 } })],
    });
  });

  it('names all faults of all its versions', () => {
    expect(faultsOf({ ...least, delay: {} }, least, { ...least, seller: '', hold: {} }).sort()).toEqual([
      'terms[0].delay TERMS_INVALID',
      'terms[2].hold.reason TERMS_INVALID',
      'terms[2].seller ID_INVALID',
    ]);
    const parsed = read({ ...least, delay: {} }, least);
    expect('sound' in parsed && parsed.sound).toEqual([{ index: 1, terms: makeTerms() }]);
  });

  it.each([
    [{ seller: undefined }, 'seller TERMS_INVALID'],
    [{ seller: ' S' }, 'seller ID_INVALID'],
    [{ version: 0 }, 'version TERMS_INVALID'],
    [{ version: 4_294_967_296 }, 'version TERMS_INVALID'],
    [{ effectiveFrom: '2026-02-30' }, 'effectiveFrom DATE_INVALID'],
    [{ effectiveFrom: '2051-01-01' }, 'effectiveFrom TERMS_INVALID'],
    [{ effectiveTo: '2025-12-31' }, 'effectiveTo TERMS_INVALID'],
    [{ cycle: { type: 'yearly' } }, 'cycle.type TERMS_INVALID'],
    [{ cycle: { type: 'weekly' } }, 'cycle.closesOn TERMS_INVALID'],
    [{ cycle: { type: 'daily', closesOn: 'monday' } }, 'cycle.closesOn TERMS_INVALID'],
    [{ cycle: { type: 'monthly', closesOn: 32 } }, 'cycle.closesOn TERMS_INVALID'],
    [{ cycle: { type: 'dates', closesOn: [] } }, 'cycle.closesOn TERMS_INVALID'],
    [{ cycle: { type: 'dates', closesOn: ['2026-03-10', '2026-03-10'] } }, 'cycle.closesOn[1] TERMS_INVALID'],
    [{ delay: { businessDays: 0 } }, 'delay.businessDays TERMS_INVALID'],
    [{ delay: 3 }, 'delay TERMS_INVALID'],
    [{ delay: { businessDays: 1, days: 1 } }, 'delay TERMS_INVALID'],
    [{ holidayRule: 'nearest' }, 'holidayRule TERMS_INVALID'],
    [{ minimums: { KRW: { amount: '10.5' } } }, 'minimums.KRW.amount AMOUNT_INVALID'],
    [{ minimums: { KRW: { amount: '9007199254740992' } } }, 'minimums.KRW.amount AMOUNT_OUT_OF_RANGE'],
    [{ minimums: { KRW: { amount: 10 } } }, 'minimums.KRW.amount TERMS_INVALID'],
    [{ minimums: { WON: { amount: '10' } } }, 'minimums.WON CURRENCY_UNKNOWN'],
    [{ minimums: { KRW: { amount: '1', carryForwardPeriods: 0 } } }, 'minimums.KRW.carryForwardPeriods TERMS_INVALID'],
    [{ reserve: { percent: '101', days: 30 } }, 'reserve.percent RATE_INVALID'],
    [{ reserve: { percent: '5', days: 731 } }, 'reserve.days TERMS_INVALID'],
    [{ hold: true }, 'hold TERMS_INVALID'],
    [{ clawback: ['next-earnings'] }, 'clawback TERMS_INVALID'],
    [{ clawback: ['receivable', 'reserve'] }, 'clawback TERMS_INVALID'],
    [{ clawback: ['write-off', 'receivable'] }, 'clawback TERMS_INVALID'],
    [{ clawback: ['receivable', 'write-off', 'reserve'] }, 'clawback TERMS_INVALID'],
    [{ clawback: ['reserve', 'reserve', 'receivable'] }, 'clawback[1] TERMS_INVALID'],
    [{ clawback: ['reserve', 'receivable'], noSetOff: true }, 'clawback[0] TERMS_INVALID'],
    [{ clawback: ['mercy', 'receivable'] }, 'clawback[0] TERMS_INVALID'],
    [{ bonus: 1 }, 'bonus TERMS_INVALID'],
  ])('refuses %j', (wrong, fault) => {
    expect(faultsOf({ ...least, ...wrong })).toEqual([`terms[0].${fault}`]);
  });

  it.each([
    ['{"terms": [', '$ TERMS_FILE_INVALID'],
    ['null', '$ TERMS_INVALID'],
    ['{}', 'terms TERMS_INVALID'],
    ['{"terms": [7]}', 'terms[0] TERMS_INVALID'],
  ])('%s is none', (text, fault) => {
    const parsed = parseTermsFile(text);
    expect('faults' in parsed && parsed.faults.map(({ path, code }) => `${path} ${code}`)).toEqual([fault]);
  });
});
