import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkDigit, normaliseBusinessNumber, readableBusinessNumber } from '../../kernel/business-number.js';

describe('a business number', () => {
  // Numbers that companies print on their own pages: Samsung Electronics, Naver, Kakao, Coupang.
  it.each([
    ['124-81-00998', '1248100998'],
    ['2208162517', '2208162517'],
    ['120-81-47521', '1208147521'],
    ['120-88-00767', '1208800767'],
  ])('%s is %s', (typed, number) => {
    expect(normaliseBusinessNumber(typed)).toBe(number);
  });

  it.each([
    '',
    '124-81-00999',
    '12481009980',
    '124810099',
    '124 81 00998',
    '12-481-00998',
    '一二四8100998',
    '1248100998x',
  ])('%j is none', (typed) => {
    expect(normaliseBusinessNumber(typed)).toBeUndefined();
  });

  it('shows every single wrong digit of the first eight and the last', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(
        digits,
        fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 9),
        fc.integer({ min: 1, max: 9 }),
        (nine, at, by) => {
          const number = nine.join('') + checkDigit(nine.join(''));
          expect(normaliseBusinessNumber(number)).toBe(number);
          const wrong = [...number].map((digit, i) => (i === at ? (Number(digit) + by) % 10 : digit)).join('');
          expect(normaliseBusinessNumber(wrong)).toBeUndefined();
        },
      ),
    );
  });

  it('is shown with hyphens', () => {
    expect(readableBusinessNumber('1248100998')).toBe('124-81-00998');
  });
});
