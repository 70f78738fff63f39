/** What becomes of a page of entries: lines, or parked with their reason. */
import { describe, expect, it } from '@jest/globals';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { PolicyBook } from '../../../../core/policies/rules/policy-book.js';
import { decideRefunds, decideSales, type RefundRow, type SaleRow } from '../../../../core/settlement/rules/decide.js';
import { makePolicy, type PolicyParts } from '../../../support/policies.js';

const tenPercent: PolicyParts = { commission: { components: [{ type: 'percent', rateE4: 100_000 }] } };
const book = (scope = {}): PolicyBook =>
  new PolicyBook([{ policyId: 1, policy: makePolicy({ ...tenPercent, scope }), endsOn: null }]);

const sale = (changes: Partial<SaleRow> = {}): SaleRow => ({
  entryId: 5,
  orderId: 'O-1',
  lineId: '1',
  sellerId: 'S-1',
  category: '',
  productId: '',
  currency: 'KRW',
  orderedOn: '2026-03-01',
  quantity: 4,
  itemAmount: 4_000,
  sellerDiscount: 0,
  platformDiscount: 0,
  shippingFee: 0,
  rest: '',
  ...changes,
});
const original = {
  policyId: 1,
  buyerPaid: 4_000,
  feeBase: 4_000,
  fee: 400,
  feeVat: 0,
  pgFee: 0,
  pgFeeVat: 0,
  net: 3_600,
};
const refund = (changes: Partial<RefundRow> = {}): RefundRow => ({
  entryId: 9,
  refundId: 'R-1',
  quantity: 1,
  priorQuantity: 1,
  originalOn: '2026-03-02',
  sale: sale(),
  original,
  rest: '',
  ...changes,
});
const none = new Map<number, string>();

describe('sales', () => {
  it('become lines under the policy that they fall under', () => {
    const { lines, exceptions } = decideSales([sale(), sale({ entryId: 6, itemAmount: 10 })], book(), none);
    expect(exceptions).toEqual([]);
    expect(lines).toMatchObject([
      { leg: SALE, entryId: 5, refundId: '', quantity: 4, policyId: 1, policyCode: 'plain', figures: { fee: 400 } },
      { leg: SALE, entryId: 6, figures: { fee: 1, net: 9 } },
    ]);
  });

  it('without a policy are parked with what the choice depends on, and no more', () => {
    const details = { sellerId: 'S-1', currency: 'USD', orderedOn: '2026-03-01' };
    const exceptions = (scope: object) =>
      decideSales([sale({ currency: 'USD', productId: 'P', category: 'c' })], book(scope), none).exceptions;
    expect(exceptions({})).toEqual([{ leg: SALE, entryId: 5, code: 'POLICY_MISSING', details }]);
    expect(exceptions({ product: 'P' })).toMatchObject([{ details: { ...details, productId: 'P' } }]);
    expect(exceptions({ category: 'c' })).toMatchObject([{ details: { ...details, category: 'c' } }]);
  });

  it('that the rules refuse are parked with the refusal', () => {
    const { lines, exceptions } = decideSales([sale({ sellerDiscount: 4_001 })], book(), none);
    expect(lines).toEqual([]);
    expect(exceptions).toMatchObject([{ leg: SALE, entryId: 5, code: 'ENTRY_INVALID' }]);
  });

  it('that the database refused are parked with its reason', () => {
    const { lines, exceptions } = decideSales([sale(), sale({ entryId: 6 })], book(), new Map([[6, 'too long']]));
    expect(lines).toMatchObject([{ entryId: 5 }]);
    expect(exceptions).toEqual([{ leg: SALE, entryId: 6, code: 'LINE_REFUSED', details: { reason: 'too long' } }]);
  });
});

describe('refunds', () => {
  it('take back their share of what the sale became', () => {
    const { lines, exceptions } = decideRefunds([refund()], book(), none);
    expect(exceptions).toEqual([]);
    expect(lines).toMatchObject([
      {
        leg: REFUND,
        entryId: 9,
        orderId: 'O-1',
        refundId: 'R-1',
        quantity: 1,
        policyId: 1,
        figures: { itemAmount: -1_000, fee: -100, net: -900 },
      },
    ]);
  });

  it('whose sale is gone from the feed are parked', () => {
    const { exceptions } = decideRefunds([refund({ sale: undefined, original: undefined })], book(), none);
    expect(exceptions).toEqual([{ leg: REFUND, entryId: 9, code: 'ORIGINAL_MISSING', details: { refundId: 'R-1' } }]);
  });

  it('whose sale is not settled are parked with the sale', () => {
    const { exceptions } = decideRefunds([refund({ original: undefined })], book(), none);
    const details = { orderId: 'O-1', lineId: '1', settledOn: '2026-03-02' };
    expect(exceptions).toEqual([{ leg: REFUND, entryId: 9, code: 'ORIGINAL_PARKED', details }]);
  });

  it('of more units than are left are parked with the refusal', () => {
    const { exceptions } = decideRefunds([refund({ priorQuantity: 3, quantity: 2 })], book(), none);
    expect(exceptions).toMatchObject([{ leg: REFUND, entryId: 9, code: 'REFUND_EXCEEDS_SALE' }]);
  });

  it('that the database refused are parked with its reason', () => {
    const { exceptions } = decideRefunds([refund()], book(), new Map([[9, 'out of range']]));
    expect(exceptions).toEqual([
      { leg: REFUND, entryId: 9, code: 'LINE_REFUSED', details: { reason: 'out of range' } },
    ]);
  });

  it('of a missing policy stop the work: the line names a policy that is not stored', () => {
    expect(() => decideRefunds([refund({ original: { ...original, policyId: 8 } })], book(), none)).toThrow('policy 8');
  });
});
