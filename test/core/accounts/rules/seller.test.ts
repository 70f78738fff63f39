import { describe, expect, it } from '@jest/globals';
import { maskBankAccount, normaliseBankAccount } from '../../../../core/accounts/rules/seller.js';

describe('a bank account', () => {
  it.each([
    ['110-123-456789', '110123456789'],
    ['110 123 456789', '110123456789'],
    ['12345678', '12345678'],
    ['1234567', undefined],
    ['110--123-456789', undefined],
    ['-110123456789', undefined],
    ['110123456789a', undefined],
    ['1'.repeat(21), undefined],
  ])('%j is %j', (typed, digits) => {
    expect(normaliseBankAccount(typed)).toBe(digits);
  });

  it('shows its last four digits and not its length', () => {
    expect(maskBankAccount('110123456789')).toBe('****6789');
    expect(maskBankAccount('12345678')).toBe('****5678');
  });
});
