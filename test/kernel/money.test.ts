import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRefusal } from '../../kernel/errors.js';
import {
  divRound,
  divRoundBig,
  formatAmount,
  formatRate,
  MAX_MINOR,
  mulDivFloor,
  mulDivRound,
  parseAmount,
  parseRate,
  parseReadableAmount,
  ROUNDINGS,
  type Rounding,
} from '../../kernel/money.js';
import { roundFraction } from '../support/exact-model.js';

const refusalCode = (value: number | { refused: string }) => (isRefusal(value) ? value.refused : value);

describe('parseReadableAmount', () => {
  it.each([
    ['6256013', 'KRW', 6_256_013],
    ['6,256,013', 'KRW', 6_256_013],
    ['1,234.50', 'BRL', 123_450],
    ['1234.5', 'BRL', 123_450],
    ['9,007,199,254,740,991', 'KRW', MAX_MINOR],
  ])('reads %s %s', (text, currency, minor) => {
    expect(parseReadableAmount(text, currency)).toBe(minor);
  });

  it.each([
    ['62,56,013', 'KRW', 'AMOUNT_INVALID'],
    ['6,256013', 'KRW', 'AMOUNT_INVALID'],
    ['6256,013', 'KRW', 'AMOUNT_INVALID'],
    ['1,234.5', 'BRL', 'AMOUNT_INVALID'],
    ['1.234,50', 'BRL', 'AMOUNT_INVALID'],
    ['0,100', 'KRW', 'AMOUNT_INVALID'],
    [',100', 'KRW', 'AMOUNT_INVALID'],
    ['-1,000', 'KRW', 'AMOUNT_INVALID'],
    ['9007199254740992', 'KRW', 'AMOUNT_OUT_OF_RANGE'],
    ['1,000', 'XAU', 'CURRENCY_UNKNOWN'],
  ])('refuses %j %s', (text, currency, code) => {
    expect(refusalCode(parseReadableAmount(text, currency))).toBe(code);
  });
});

describe('parseAmount', () => {
  it.each([
    ['0', 'KRW', 0],
    ['99', 'KRW', 99],
    ['007', 'KRW', 7],
    ['99', 'BRL', 9900],
    ['58.9', 'BRL', 5890],
    ['58.90', 'BRL', 5890],
    ['0.01', 'BRL', 1],
    ['12.345', 'KWD', 12345],
    ['0.0001', 'CLF', 1],
    ['9007199254740991', 'KRW', MAX_MINOR],
    ['90071992547409.91', 'BRL', MAX_MINOR],
    [`${'0'.repeat(400)}1`, 'JPY', 1],
  ])('reads %s %s', (text, currency, minor) => {
    expect(parseAmount(text, currency)).toBe(minor);
  });

  it.each([
    ['58.900', 'BRL', 'AMOUNT_INVALID'],
    ['1.0', 'KRW', 'AMOUNT_INVALID'],
    ['1.', 'BRL', 'AMOUNT_INVALID'],
    ['.5', 'BRL', 'AMOUNT_INVALID'],
    ['', 'BRL', 'AMOUNT_INVALID'],
    ['-1', 'BRL', 'AMOUNT_INVALID'],
    ['+1', 'BRL', 'AMOUNT_INVALID'],
    ['1e3', 'BRL', 'AMOUNT_INVALID'],
    ['1,000', 'BRL', 'AMOUNT_INVALID'],
    ['1 000', 'BRL', 'AMOUNT_INVALID'],
    [' 1', 'BRL', 'AMOUNT_INVALID'],
    ['1\n', 'BRL', 'AMOUNT_INVALID'],
    ['０', 'BRL', 'AMOUNT_INVALID'],
    ['0x10', 'BRL', 'AMOUNT_INVALID'],
    ['NaN', 'BRL', 'AMOUNT_INVALID'],
    ['Infinity', 'BRL', 'AMOUNT_INVALID'],
    ['9007199254740992', 'KRW', 'AMOUNT_OUT_OF_RANGE'],
    ['9007199254740993', 'KRW', 'AMOUNT_OUT_OF_RANGE'],
    ['90071992547409.92', 'BRL', 'AMOUNT_OUT_OF_RANGE'],
    ['9'.repeat(400), 'KRW', 'AMOUNT_OUT_OF_RANGE'],
    ['1', 'XAU', 'CURRENCY_UNKNOWN'],
    ['nonsense', 'krw', 'CURRENCY_UNKNOWN'],
  ])('refuses %j %s', (text, currency, code) => {
    expect(refusalCode(parseAmount(text, currency))).toBe(code);
  });
});

describe('formatAmount', () => {
  it.each([
    [0, 'KRW', '0'],
    [-0, 'KRW', '0'],
    [-0, 'BRL', '0.00'],
    [1234, 'KRW', '1234'],
    [5, 'BRL', '0.05'],
    [-5, 'BRL', '-0.05'],
    [5890, 'BRL', '58.90'],
    [-12345, 'KWD', '-12.345'],
    [MAX_MINOR, 'BRL', '90071992547409.91'],
    [123456789012345678901n, 'BRL', '1234567890123456789.01'],
    [-7n, 'JPY', '-7'],
    [0n, 'KWD', '0.000'],
  ])('%s %s is %s', (minor, currency, text) => {
    expect(formatAmount(minor, currency)).toBe(text);
  });

  it('knows no decimals for an unknown currency', () => {
    expect(() => formatAmount(1, 'XXX')).toThrow(expect.objectContaining({ code: 'CURRENCY_UNKNOWN' }));
  });

  it('is read back as the same amount', () => {
    const amounts = fc.integer({ min: 0, max: MAX_MINOR });
    fc.assert(
      fc.property(amounts, fc.constantFrom('KRW', 'BRL', 'KWD', 'CLF'), (minor, currency) => {
        expect(parseAmount(formatAmount(minor, currency), currency)).toBe(minor);
      }),
    );
  });
});

describe('rates', () => {
  it.each([
    ['8.5', 85_000, '8.5'],
    ['10', 100_000, '10'],
    ['0', 0, '0'],
    ['0.0001', 1, '0.0001'],
    ['06.2500', 62_500, '6.25'],
    ['100', 1_000_000, '100'],
    ['100.0000', 1_000_000, '100'],
  ])('%s percent', (text, rateE4, shortest) => {
    expect(parseRate(text)).toBe(rateE4);
    expect(formatRate(rateE4)).toBe(shortest);
  });

  it.each(['100.0001', '101', '1.00000', '-1', '', '8,5', '8.5%', '.5', '5.', '1e1', '9'.repeat(400)])(
    'no %j',
    (text) => {
      expect(refusalCode(parseRate(text))).toBe('RATE_INVALID');
    },
  );
});

describe('rounding', () => {
  const truth: [dividend: number, divisor: number, expected: Record<Rounding, number>][] = [
    [0, 10, { down: 0, up: 0, 'half-up': 0, 'half-even': 0 }],
    [1, 10, { down: 0, up: 1, 'half-up': 0, 'half-even': 0 }],
    [5, 10, { down: 0, up: 1, 'half-up': 1, 'half-even': 0 }],
    [15, 10, { down: 1, up: 2, 'half-up': 2, 'half-even': 2 }],
    [24, 10, { down: 2, up: 3, 'half-up': 2, 'half-even': 2 }],
    [25, 10, { down: 2, up: 3, 'half-up': 3, 'half-even': 2 }],
    [26, 10, { down: 2, up: 3, 'half-up': 3, 'half-even': 3 }],
    [30, 10, { down: 3, up: 3, 'half-up': 3, 'half-even': 3 }],
    [-15, 10, { down: -1, up: -2, 'half-up': -2, 'half-even': -2 }],
    [-25, 10, { down: -2, up: -3, 'half-up': -3, 'half-even': -2 }],
    [-26, 10, { down: -2, up: -3, 'half-up': -3, 'half-even': -3 }],
  ];

  it.each(truth)('%d / %d', (dividend, divisor, expected) => {
    for (const rounding of ROUNDINGS) {
      expect(divRound(dividend, divisor, rounding)).toBe(expected[rounding]);
      expect(divRoundBig(BigInt(dividend), BigInt(divisor), rounding)).toBe(BigInt(expected[rounding]));
    }
  });

  it('never gives minus zero', () => {
    for (const rounding of ROUNDINGS) expect(Object.is(divRound(-0, 7, rounding), -0)).toBe(false);
    expect(Object.is(divRound(-1, 7, 'down'), 0)).toBe(true);
  });

  it('is exact for every safe integer, by either path', () => {
    const factor = fc.oneof(fc.nat(1000), fc.nat(1_000_000), fc.integer({ min: 0, max: MAX_MINOR }));
    const divisor = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MAX_MINOR }));
    fc.assert(
      fc.property(factor, factor, divisor, fc.constantFrom(...ROUNDINGS), (a, b, d, rounding) => {
        const exact = roundFraction(BigInt(a) * BigInt(b), BigInt(d), rounding);
        const expected = exact <= BigInt(MAX_MINOR) ? Number(exact) : Number.NaN;
        expect(mulDivRound(a, b, d, rounding)).toBe(expected);
        expect(mulDivRound(-a, b, d, rounding)).toBe(0 - expected);
        if (rounding === 'down') expect(mulDivFloor(a, b, d)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('floors right where the quotient lies just below an integer', () => {
    for (let divisor = 1; divisor <= 3000; divisor += 1) {
      const multiple = Math.floor(MAX_MINOR / divisor) * divisor;
      expect(divRound(multiple - 1, divisor, 'down')).toBe(Number(BigInt(multiple - 1) / BigInt(divisor)));
      expect(divRound(MAX_MINOR, divisor, 'down')).toBe(Number(BigInt(MAX_MINOR) / BigInt(divisor)));
    }
  });

  it('says NaN when the result is no longer an amount', () => {
    expect(mulDivRound(MAX_MINOR, 2, 1, 'down')).toBeNaN();
    expect(mulDivRound(MAX_MINOR, 3, 3, 'up')).toBe(MAX_MINOR);
    expect(mulDivRound(MAX_MINOR, 999_999, 1_000_000, 'half-even')).toBe(9_007_190_247_541_736);
  });
});
