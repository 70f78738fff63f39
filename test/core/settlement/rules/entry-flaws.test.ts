import { describe, expect, it } from '@jest/globals';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import type { RefundRow, SaleRow } from '../../../../core/settlement/rules/decide.js';
import {
  type ExaminedEntry,
  FLAWS,
  type Flaw,
  findFlaws,
  nameFlaw,
  type StoredLine,
} from '../../../../core/settlement/rules/entry-flaws.js';
import type { Figures } from '../../../../core/settlement/rules/figures.js';

const DAY = '2026-04-01';
const sale: SaleRow = {
  entryId: 7,
  orderId: 'A-1',
  lineId: '1',
  sellerId: 'seller',
  currency: 'KRW',
  orderedOn: DAY,
  quantity: 3,
  itemAmount: 3_000,
  sellerDiscount: 100,
  platformDiscount: 200,
  shippingFee: 50,
  category: '',
  productId: '',
  rest: '',
};
/** Paid 2,750, and 200 by the platform; fee 300, VAT on top 30. */
const figures: Figures = {
  itemAmount: 3_000,
  sellerDiscount: 100,
  platformDiscount: 200,
  shippingFee: 50,
  buyerPaid: 2_750,
  feeBase: 2_900,
  fee: 300,
  feeVat: 30,
  pgFee: 0,
  pgFeeVat: 0,
  net: 2_620,
};
const line: StoredLine = { ...figures, entryId: 7, generation: 1, sellerId: 'seller', policyId: 4 };
const settled: ExaminedEntry = {
  settledOn: DAY,
  leg: SALE,
  entryId: 7,
  currency: 'KRW',
  quantity: 3,
  figures,
  unitPrice: 1_000,
  sale,
  refund: undefined,
  line,
  exception: undefined,
};
/** Two of the three units: floor(3000 × 2/3) = 2000; 2900 × 2/3 = 1933; 2700 × 2/3 = 1800. */
const refund: RefundRow = {
  entryId: 9,
  refundId: 'R-1',
  quantity: 2,
  priorQuantity: 0,
  originalOn: DAY,
  rest: '',
  sale,
  original: undefined,
};
const reversed = { itemAmount: -2_000, sellerDiscount: -67, platformDiscount: -133, shippingFee: 0 };
const none = { buyerPaid: 0, feeBase: 0, fee: 0, feeVat: 0, pgFee: 0, pgFeeVat: 0, net: 0 };
const parkedRefund: ExaminedEntry = {
  settledOn: DAY,
  leg: REFUND,
  entryId: 9,
  currency: 'KRW',
  quantity: 2,
  figures: { ...reversed, ...none },
  unitPrice: 0,
  sale,
  refund,
  line: undefined,
  exception: { entryId: 9, settledGeneration: null },
};
const vatModeOf = (policyId: number) => (policyId === 4 ? 'exclusive' : 'inclusive');
const flawsOf = (entry: ExaminedEntry): Flaw[] => {
  const found: Flaw[] = [];
  findFlaws(entry, vatModeOf, (flaw) => found.push(flaw));
  return found;
};
const wordsOf = (entry: ExaminedEntry, flaw: Flaw) => Object.values(nameFlaw(entry, flaw, vatModeOf));
const withFigures = (entry: ExaminedEntry, more: Partial<Figures>): ExaminedEntry => ({
  ...entry,
  figures: { ...entry.figures, ...more },
});

describe('an entry without a flaw', () => {
  it.each([
    ['settled', settled],
    ['parked', { ...settled, line: undefined, exception: { entryId: 7, settledGeneration: null } }],
    [
      'settled by a supplement',
      { ...settled, line: { ...line, generation: 2 }, exception: { entryId: 7, settledGeneration: 2 } },
    ],
    ['a parked refund', parkedRefund],
    [
      'one that takes the shipping fee back with the last unit',
      {
        ...withFigures(parkedRefund, {
          itemAmount: -3_000,
          sellerDiscount: -100,
          platformDiscount: -200,
          shippingFee: -50,
        }),
        refund: { ...refund, quantity: 3 },
      },
    ],
    [
      'a price beyond 2^53 in all',
      withFigures(
        {
          ...settled,
          quantity: 3,
          unitPrice: 3_002_399_751_580_330,
          line: undefined,
          exception: { entryId: 7, settledGeneration: null },
        },
        { itemAmount: 9_007_199_254_740_990 },
      ),
    ],
  ] satisfies [string, ExaminedEntry][])('%s', (_name, entry) => {
    expect(flawsOf(entry)).toEqual([]);
  });
});

describe('a flaw is found and named', () => {
  const name = 'sale order A-1 line 1 (entry 7)';
  const ofRefund = 'refund order A-1 line 1 refund R-1 (entry 9)';
  it.each<[string, Flaw, ExaminedEntry, string[]]>([
    [
      'neither settled nor parked',
      'unsettled',
      { ...settled, line: undefined },
      [name, 'one line or one exception', 'neither'],
    ],
    [
      'parked no longer, and without a line',
      'unsettled',
      { ...settled, line: undefined, exception: { entryId: 7, settledGeneration: 2 } },
      [name, 'one line or one exception', 'neither'],
    ],
    [
      'settled and parked',
      'lineAndException',
      { ...settled, exception: { entryId: 7, settledGeneration: null } },
      [name, 'one line or one exception', 'both'],
    ],
    [
      'settled by another generation than its exception says',
      'lineAndException',
      { ...settled, exception: { entryId: 7, settledGeneration: 2 } },
      [name, 'one line or one exception', 'both'],
    ],
    [
      'an amount that is not quantity times price',
      'saleAmount',
      { ...settled, unitPrice: 1_001 },
      [name, '3003', '3000'],
    ],
    [
      'a line of another seller',
      'seller',
      { ...settled, line: { ...line, sellerId: 'other' } },
      [name, 'seller', 'other'],
    ],
    ['a unit of money without an owner', 'identity', withFigures(settled, { net: 2_619 }), [name, '2950', '2949']],
    [
      'VAT that is counted twice under another mode',
      'identity',
      { ...settled, line: { ...line, policyId: 5 } },
      [name, '2950', '2920'],
    ],
    [
      'a refund of another amount',
      'refundAmount',
      withFigures(parkedRefund, { itemAmount: -2_001 }),
      [ofRefund, '-2000 -67 -133 0 KRW', '-2001 -67 -133 0 KRW'],
    ],
    [
      'a refund in another currency',
      'refundAmount',
      { ...parkedRefund, currency: 'USD' },
      [ofRefund, '-2000 -67 -133 0 KRW', '-2000 -67 -133 0 USD'],
    ],
    [
      'a refund before its sale',
      'refundAmount',
      { ...parkedRefund, refund: { ...refund, originalOn: '2026-04-02' } },
      [ofRefund, '-2000 -67 -133 0 KRW', '-2000 -67 -133 0 KRW'],
    ],
    [
      'a refund of a sale that is gone',
      'refundAmount',
      { ...parkedRefund, sale: undefined, refund: { ...refund, sale: undefined } },
      ['refund order null line null refund R-1 (entry 9)', '', '-2000 -67 -133 0 KRW'],
    ],
    [
      'a refund of a sale without units',
      'refundAmount',
      { ...parkedRefund, sale: { ...sale, quantity: 0 } },
      [ofRefund, '', '-2000 -67 -133 0 KRW'],
    ],
  ])('%s', (_name, flaw, entry, words) => {
    expect(flawsOf(entry)).toEqual([flaw]);
    expect(wordsOf(entry, flaw)).toEqual(words);
  });

  it('amounts that no safe integer holds, as a database gives them that somebody changed', () => {
    const beyond = '9007199254740993' as unknown as number;
    const entry = withFigures({ ...settled, unitPrice: beyond, quantity: 1 }, { itemAmount: beyond, net: beyond });
    expect(flawsOf(entry)).toEqual(['identity']); // 1 × the price is the amount
    expect(wordsOf(entry, 'identity')).toEqual([name, '2950', '9007199254741323']);
    expect(flawsOf(withFigures(entry, { itemAmount: '9007199254740992' as unknown as number }))).toContain(
      'saleAmount',
    );
  });

  it('every flaw has a case', () => {
    expect([...FLAWS].sort()).toEqual([
      'identity',
      'lineAndException',
      'refundAmount',
      'saleAmount',
      'seller',
      'unsettled',
    ]);
  });
});
