/** Terms of sellers for tests. */
import type { SellerTerms } from '../../core/terms/rules/seller-terms.js';

/** Terms of S1: weekly, three business days, nothing kept back. */
export const makeTerms = (terms: Partial<SellerTerms> = {}): SellerTerms => ({
  seller: 'S1',
  version: 1,
  effectiveFrom: '2026-01-01',
  effectiveTo: null,
  cycle: { type: 'weekly', closesOn: 'sunday' },
  delay: { unit: 'businessDays', count: 3 },
  holidayRule: 'after',
  minimums: [],
  reserve: null,
  hold: null,
  noSetOff: false,
  clawback: ['next-earnings', 'reserve', 'receivable', 'write-off'],
  ...terms,
});
