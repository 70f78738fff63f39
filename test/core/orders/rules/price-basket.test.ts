/** What a basket costs: examples by hand, and sums that hold for any basket. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cutParts,
  nothingLeft,
  type OrderedLine,
  paidByAll,
  remainingSale,
} from '../../../../core/orders/rules/line-part.js';
import {
  type Offer,
  type PricedBasket,
  priceBasket,
  type ShippingTerms,
} from '../../../../core/orders/rules/price-basket.js';
import type { Promotion } from '../../../../core/promotions/rules/promotion.js';
import { allocate } from '../../../../kernel/allocate.js';
import { decided } from '../../../../kernel/outcome.js';

const offer = (sellerId: string, listPriceMinor: number, salePriceMinor: number | null = null): Offer => ({
  sellerId,
  currency: 'KRW',
  listPriceMinor,
  salePriceMinor,
});
const promotion = (fields: Partial<Promotion>): Promotion => ({
  promotionId: 1,
  code: null,
  kind: 'AMOUNT',
  rateE4: null,
  amountMinor: 100,
  minimumMinor: 0,
  currency: 'KRW',
  startsAt: '2026-01-01T00:00:00.000Z',
  endsAt: null,
  ...fields,
});
const none = { shipping: new Map<string, ShippingTerms>(), promotions: [], promotionCode: null };
const plus = (a: number, b: number) => a + b;

describe('largest remainder', () => {
  it.each<[number, number[], number[]]>([
    [100, [1, 1, 1], [34, 33, 33]],
    [2, [1, 1, 1], [1, 1, 0]],
    [10, [1, 2, 7], [1, 2, 7]],
    [0, [5, 5], [0, 0]],
    [5, [3, 0, 3], [3, 0, 2]],
    [9_007_199_254_740_991, [1, 2], [3_002_399_751_580_330, 6_004_799_503_160_661]],
  ])('shares %d among %j as %j', (total, weights, parts) => expect(allocate(total, weights)).toEqual(parts));

  it('adds up, keeps within a unit of the share, and never gives more than the weight of an amount up to the sum', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const sum = given.reduce(plus, 0);
        const total = Math.floor(sum * share);
        const parts = allocate(total, given);
        expect(parts.reduce(plus, 0)).toBe(total);
        for (const [at, part] of parts.entries()) {
          expect(part).toBeLessThanOrEqual(given[at] ?? 0);
          expect(Math.abs(part * sum - total * (given[at] ?? 0))).toBeLessThan(sum);
        }
      }),
    );
  });

  it('has no share where all weights are 0', () => expect(() => allocate(1, [0, 0])).toThrow(RangeError));
});

describe('a basket', () => {
  it('is split by seller; promotion and shipping are shared by what the goods cost', () => {
    const items = [
      { unit: offer('S1', 1_000, 900), quantity: 2 },
      { unit: offer('S2', 500), quantity: 1 },
      { unit: offer('S1', 700), quantity: 1 },
    ];
    const shipping = new Map([
      ['S1', { feeMinor: 300, freeFromMinor: 2_501 }],
      ['S2', { feeMinor: 300, freeFromMinor: 500 }],
    ]);
    const basket = decided(priceBasket(items, { ...none, shipping, promotions: [promotion({})] }));
    expect(basket).toMatchObject({
      itemAmount: 3_200,
      sellerDiscount: 200,
      platformDiscount: 100,
      shippingFee: 300,
      amountMinor: 3_200,
      promotionId: 1,
    });
    expect(basket.orders.map(({ sellerId, shippingFee }) => [sellerId, shippingFee])).toEqual([
      ['S1', 300],
      ['S2', 0],
    ]);
    expect(basket.orders[0]?.lines.map(({ platformDiscount, shippingFee }) => [platformDiscount, shippingFee])).toEqual(
      [
        [60, 216],
        [23, 84],
      ],
    );
  });

  it('of two currencies, or of more than an amount can be, is refused', () => {
    const dollars = { ...offer('S1', 5), currency: 'USD' };
    const two = [
      { unit: dollars, quantity: 1 },
      { unit: offer('S1', 5), quantity: 1 },
    ];
    expect(priceBasket(two, none)).toMatchObject({
      refused: 'CURRENCY_MIXED',
      details: { currencies: ['KRW', 'USD'] },
    });
    const dear = [{ unit: offer('S1', Number.MAX_SAFE_INTEGER), quantity: 2 }];
    expect(priceBasket(dear, none)).toMatchObject({ refused: 'AMOUNT_OUT_OF_RANGE' });
  });
});

const anyBasket = fc.record({
  items: fc.array(
    fc.record({
      seller: fc.integer({ min: 1, max: 4 }),
      price: fc.integer({ min: 1, max: 1_000_000 }),
      sale: fc.double({ min: 0, max: 1, noNaN: true }),
      quantity: fc.integer({ min: 1, max: 50 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  fee: fc.integer({ min: 0, max: 10_000 }),
  freeFrom: fc.option(fc.integer({ min: 1, max: 1_000_000 })),
  rateE4: fc.integer({ min: 1, max: 1_000_000 }),
});

const priced = ({ items, fee, freeFrom, rateE4 }: typeof anyBasket extends fc.Arbitrary<infer T> ? T : never) => {
  const shipping = new Map([1, 2, 3].map((n) => [`S${n}`, { feeMinor: fee, freeFromMinor: freeFrom }]));
  const promotions = [promotion({ kind: 'PERCENT', rateE4, amountMinor: null })];
  const wanted = items.map(({ seller, price, sale, quantity }) => {
    const salePrice = Math.floor(price * sale);
    return { unit: offer(`S${seller}`, price, salePrice > 0 && salePrice < price ? salePrice : null), quantity };
  });
  return decided(priceBasket(wanted, { shipping, promotions, promotionCode: null }));
};

const names = ['itemAmount', 'sellerDiscount', 'platformDiscount', 'shippingFee', 'amountMinor'] as const;

describe('any basket', () => {
  it('costs what its orders cost, and they what their lines cost; no line has a discount beyond its price', () => {
    fc.assert(
      fc.property(anyBasket, (given) => {
        const basket: PricedBasket<Offer> = priced(given);
        for (const name of names) {
          expect(basket.orders.map((order) => order[name]).reduce(plus, 0)).toBe(basket[name]);
          for (const order of basket.orders)
            expect(order.lines.map((line) => line[name]).reduce(plus, 0)).toBe(order[name]);
        }
        for (const line of basket.orders.flatMap(({ lines }) => lines)) {
          const { itemAmount, sellerDiscount, platformDiscount, shippingFee, amountMinor } = line;
          expect(amountMinor).toBe(itemAmount - sellerDiscount - platformDiscount + shippingFee);
          expect(sellerDiscount + platformDiscount).toBeLessThanOrEqual(itemAmount);
          expect(Math.min(sellerDiscount, platformDiscount, shippingFee)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('loses exactly what it cost, however it is cancelled, confirmed and returned', () => {
    fc.assert(
      fc.property(anyBasket, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (given, sizes) => {
        for (const order of priced(given).orders) {
          let lines = order.lines.map((line): OrderedLine => ({ ...line, cancelledQuantity: 0, returnedQuantity: 0 }));
          let gone = 0;
          for (const kind of ['CANCEL', 'RETURN'] as const) {
            for (let cuts = 0; cuts < 5; cuts += 1) {
              const open = lines.filter((line) => line.quantity > line.cancelledQuantity + line.returnedQuantity);
              const [line] = open;
              if (line === undefined) break;
              const left = line.quantity - line.cancelledQuantity - line.returnedQuantity;
              const quantity = Math.min(left, sizes.next().value ?? 1);
              const all = kind === 'RETURN' && cuts === 4;
              const parts = decided(cutParts(lines, kind, all ? null : [{ lineNumber: line.lineNumber, quantity }]));
              gone += paidByAll(parts);
              if (all) expect(nothingLeft(lines, parts)).toBe(true);
              lines = lines.map((one) => {
                const part = parts.find(({ lineNumber }) => lineNumber === one.lineNumber)?.quantity ?? 0;
                const key = kind === 'CANCEL' ? 'cancelledQuantity' : 'returnedQuantity';
                return { ...one, [key]: one[key] + part };
              });
            }
            for (const line of lines) {
              const sale = remainingSale(line);
              expect(sale.sellerDiscount + sale.platformDiscount).toBeLessThanOrEqual(sale.itemAmount);
              expect(Math.min(sale.sellerDiscount, sale.platformDiscount, sale.shippingFee)).toBeGreaterThanOrEqual(0);
            }
          }
          expect(gone).toBe(order.amountMinor);
        }
      }),
    );
  });
});

describe('parts', () => {
  const line: OrderedLine = {
    lineNumber: 1,
    quantity: 3,
    itemAmount: 3_000,
    sellerDiscount: 0,
    platformDiscount: 100,
    shippingFee: 50,
    cancelledQuantity: 1,
    returnedQuantity: 0,
  };
  it.each([
    [[{ lineNumber: 2, quantity: 1 }], 'ORDER_LINE_NOT_FOUND'],
    [[{ lineNumber: 1, quantity: 3 }], 'QUANTITY_EXCEEDS_ORDER'],
    [
      [
        { lineNumber: 1, quantity: 1 },
        { lineNumber: 1, quantity: 1 },
      ],
      'QUANTITY_EXCEEDS_ORDER',
    ],
  ])('%j are refused: %s', (wanted, refused) => expect(cutParts([line], 'CANCEL', wanted)).toMatchObject({ refused }));
  it('of the last unit take the shipping with them', () => {
    expect(cutParts([line], 'CANCEL', [{ lineNumber: 1, quantity: 1 }])).toMatchObject([{ shippingFee: 0 }]);
    expect(cutParts([line], 'CANCEL', null)).toMatchObject([{ quantity: 2, shippingFee: 50, itemAmount: 2_000 }]);
  });
  it('of a return are cut off what its cancellations have left', () => {
    expect(cutParts([line], 'RETURN', null)).toMatchObject([{ quantity: 2, shippingFee: 50, itemAmount: 2_000 }]);
  });
});
