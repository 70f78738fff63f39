import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { levelBelow } from '../../../../core/catalogue/rules/category-tree.js';
import {
  averageStars,
  changeProduct,
  effectivePrice,
  isListed,
  PRODUCT_STATUSES,
  type ProductStatus,
  type ProductTerms,
  priceFault,
} from '../../../../core/catalogue/rules/product.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { MAX_MINOR } from '../../../../kernel/money.js';

const product: ProductTerms = { status: 'ACTIVE', currency: 'KRW', priceMinor: 10_000, salePriceMinor: null };

describe('the status of a product', () => {
  const allowed: readonly [ProductStatus, readonly ProductStatus[]][] = [
    ['DRAFT', ['DRAFT', 'ACTIVE', 'HIDDEN']],
    ['ACTIVE', ['ACTIVE', 'SOLD_OUT', 'HIDDEN']],
    ['SOLD_OUT', ['ACTIVE', 'SOLD_OUT', 'HIDDEN']],
    ['HIDDEN', ['ACTIVE', 'SOLD_OUT', 'HIDDEN']],
  ];

  it.each(allowed)('goes from %s to %j and to no other', (from, to) => {
    for (const status of PRODUCT_STATUSES) {
      const changed = changeProduct({ ...product, status: from }, { status }, []);
      expect(changed).toMatchObject(to.includes(status) ? { status } : { refused: 'PRODUCT_STATUS_CONFLICT' });
    }
  });

  it('says whether everybody sees it', () => {
    expect(PRODUCT_STATUSES.filter(isListed)).toEqual(['ACTIVE', 'SOLD_OUT']);
  });
});

describe('prices', () => {
  it.each<[Partial<ProductTerms>, readonly number[], string | undefined]>([
    [{}, [], undefined],
    [{ salePriceMinor: 9_999 }, [-9_998, 0, 5], undefined],
    [{ priceMinor: 1 }, [], undefined],
    [{ priceMinor: 0 }, [], 'PRICE_INVALID'],
    [{ priceMinor: -1 }, [], 'PRICE_INVALID'],
    [{ priceMinor: 0.5 }, [], 'PRICE_INVALID'],
    [{ salePriceMinor: 10_000 }, [], 'PRICE_INVALID'],
    [{ salePriceMinor: 0 }, [], 'PRICE_INVALID'],
    [{}, [-10_000], 'PRICE_INVALID'],
    [{ salePriceMinor: 5_000 }, [-5_000], 'PRICE_INVALID'],
    [{ priceMinor: MAX_MINOR }, [1], 'PRICE_INVALID'],
    [{ currency: 'WON' }, [], 'CURRENCY_UNKNOWN'],
  ])('%j with option differences %j: %s', (fields, differences, code) => {
    expect(priceFault({ ...product, ...fields }, differences)?.refused).toBe(code);
  });

  it('stay above nothing through any edit that is not refused', () => {
    const amount = fc.integer({ min: -10, max: 10 });
    fc.assert(
      fc.property(amount, fc.option(amount), fc.array(amount), (priceMinor, salePriceMinor, differences) => {
        const changed = changeProduct(product, { priceMinor, salePriceMinor }, differences);
        if (isRefusal(changed)) return;
        for (const difference of [0, ...differences]) expect(effectivePrice(changed) + difference).toBeGreaterThan(0);
        expect(effectivePrice(changed)).toBeLessThanOrEqual(changed.priceMinor);
      }),
    );
  });

  it('that an edit does not name stay; a sale ends with null', () => {
    const onSale = { ...product, salePriceMinor: 8_000 };
    expect(changeProduct(onSale, {}, [])).toEqual(onSale);
    expect(changeProduct(onSale, { salePriceMinor: null }, [])).toEqual(product);
  });
});

describe('the mean of stars', () => {
  it.each([
    [0, 0, null],
    [5, 1, 5],
    [9, 2, 4.5],
    [17, 4, 4.3], // 4.25
    [13, 3, 4.3],
    [14, 3, 4.7],
    [1, 1, 1],
  ])('of a sum of %i over %i reviews is %s', (sum, reviews, mean) => {
    expect(averageStars(sum, reviews)).toBe(mean);
  });
});

describe('a new category', () => {
  it.each([
    [null, 1],
    [{ categoryId: 1, level: 1, hasProducts: false }, 2],
    [{ categoryId: 1, level: 2, hasProducts: false }, 3],
    [{ categoryId: 1, level: 3, hasProducts: false }, 'CATEGORY_TOO_DEEP'],
    [{ categoryId: 1, level: 1, hasProducts: true }, 'CATEGORY_HAS_PRODUCTS'],
  ])('below %j: %s', (parent, expected) => {
    const level = levelBelow(parent);
    expect(isRefusal(level) ? level.refused : level).toBe(expected);
  });
});
