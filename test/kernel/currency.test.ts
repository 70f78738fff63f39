import { describe, expect, it } from '@jest/globals';
import { currencyExponent } from '../../kernel/currency.js';

describe('currencyExponent', () => {
  it.each([
    ['KRW', 0],
    ['JPY', 0],
    ['VND', 0],
    ['UGX', 0],
    ['UYI', 0],
    ['XOF', 0],
    ['USD', 2],
    ['EUR', 2],
    ['BRL', 2],
    ['TWD', 2],
    ['HUF', 2],
    ['XCG', 2],
    ['CHE', 2],
    ['USN', 2],
    ['KWD', 3],
    ['BHD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['UYW', 4],
  ])('%s has %d decimals', (code, decimals) => {
    expect(currencyExponent(code)).toBe(decimals);
  });

  it.each(['XAU', 'XDR', 'XTS', 'XXX', 'krw', 'WON', 'DEM', '', 'toString', '__proto__'])('%j is none', (code) => {
    expect(currencyExponent(code)).toBeUndefined();
  });
});
