import { describe, expect, it } from '@jest/globals';
import { readRefundRow } from '../../../../core/feed/import/refund-row.js';
import { readSaleRow } from '../../../../core/feed/import/sale-row.js';
import { businessDateReader } from '../../../../infra/time-zone.js';

const dateOf = businessDateReader('Asia/Seoul', 'America/Sao_Paulo');

const SALE = ['O1', '1', 'S1', 'P1', ' 신발 ', '3', '1000', '3000', '100', '50', 'KRW', '2026-03-01', '2026-03-05'];
const NAMES = ['order_id', 'line_id', 'seller_id', 'product_id', 'category', 'quantity', 'unit_price', 'shipping_fee'];
NAMES.push('seller_discount', 'platform_discount', 'currency', 'ordered_on', 'confirmed_on');

const sale = (changes: Record<string, string>) =>
  readSaleRow(
    NAMES.map((name, index) => changes[name] ?? SALE[index] ?? ''),
    dateOf,
  );
const entryOf = (changes: Record<string, string>) => {
  const read = sale(changes);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.entry;
};

describe('readSaleRow', () => {
  it('reads a row', () => {
    expect(entryOf({})).toEqual({
      orderId: 'O1',
      lineId: '1',
      sellerId: 'S1',
      productId: 'P1',
      category: '신발',
      quantity: 3,
      unitPrice: 1000,
      itemAmount: 3000,
      shippingFee: 3000,
      sellerDiscount: 100,
      platformDiscount: 50,
      currency: 'KRW',
      orderedOn: '2026-03-01',
      occurredOn: '2026-03-05',
    });
  });

  it('takes absent optional fields for nothing', () => {
    const none = { product_id: '', category: '', shipping_fee: '', seller_discount: '', platform_discount: '' };
    expect(entryOf(none)).toMatchObject({
      productId: '',
      category: '',
      shippingFee: 0,
      sellerDiscount: 0,
      platformDiscount: 0,
    });
  });

  it.each([
    ['58.9', 'BRL', 5890],
    ['58.90', 'BRL', 5890],
    ['58', 'BRL', 5800],
    ['0.001', 'KWD', 1],
    ['9007199254740991', 'JPY', 9_007_199_254_740_991],
  ])('reads %s %s in minor units', (text, currency, minor) => {
    const alone = { unit_price: text, currency, quantity: '1', seller_discount: '', platform_discount: '' };
    expect(entryOf(alone)).toMatchObject({ unitPrice: minor, itemAmount: minor });
  });

  it.each([
    ['2026-03-05', '2026-03-05'],
    ['2026-03-05T23:30:00', '2026-03-06'], // São Paulo is 12 hours behind Seoul
    ['2026-03-05 11:59', '2026-03-05'],
    ['2026-03-05T14:59:59Z', '2026-03-05'],
    ['2026-03-05T15:00:00Z', '2026-03-06'],
    ['2026-03-05T23:59:59.999+09:00', '2026-03-05'],
  ])('reads the date of %s as %s', (text, date) => {
    expect(entryOf({ confirmed_on: text }).occurredOn).toBe(date);
  });

  it.each([
    [{ order_id: '' }, 'order_id', 'FIELD_REQUIRED'],
    [{ order_id: ' O1' }, 'order_id', 'ID_INVALID'],
    [{ line_id: '일' }, 'line_id', 'ID_INVALID'],
    [{ seller_id: 'x'.repeat(65) }, 'seller_id', 'ID_INVALID'],
    [{ product_id: 'a\tb' }, 'product_id', 'ID_INVALID'],
    [{ order_id: '2.02604E+15' }, 'order_id', 'ID_MANGLED'],
    [{ line_id: '2E+15' }, 'line_id', 'ID_MANGLED'],
    [{ seller_id: '2,02604E+015' }, 'seller_id', 'ID_MANGLED'],
    [{ product_id: '-1.5e+20' }, 'product_id', 'ID_MANGLED'],
    [{ order_id: '#NAME?' }, 'order_id', 'ID_MANGLED'],
    [{ category: '가'.repeat(65) }, 'category', 'CATEGORY_INVALID'],
    [{ quantity: '' }, 'quantity', 'FIELD_REQUIRED'],
    [{ quantity: '0' }, 'quantity', 'QUANTITY_INVALID'],
    [{ quantity: '1000001' }, 'quantity', 'QUANTITY_INVALID'],
    [{ quantity: '+1' }, 'quantity', 'QUANTITY_INVALID'],
    [{ quantity: '1.0' }, 'quantity', 'QUANTITY_INVALID'],
    [{ quantity: '1e3' }, 'quantity', 'QUANTITY_INVALID'],
    [{ unit_price: '' }, 'unit_price', 'FIELD_REQUIRED'],
    [{ unit_price: '-1' }, 'unit_price', 'AMOUNT_INVALID'],
    [{ unit_price: '1,000' }, 'unit_price', 'AMOUNT_INVALID'],
    [{ unit_price: '1000.5' }, 'unit_price', 'AMOUNT_INVALID'],
    [{ unit_price: '9007199254740992' }, 'unit_price', 'AMOUNT_OUT_OF_RANGE'],
    [{ unit_price: '9007199254740991' }, 'unit_price', 'AMOUNT_OUT_OF_RANGE'],
    [{ shipping_fee: 'x' }, 'shipping_fee', 'AMOUNT_INVALID'],
    [{ seller_discount: '3001' }, 'seller_discount', 'DISCOUNT_EXCEEDS_AMOUNT'],
    [{ platform_discount: '2901' }, 'platform_discount', 'DISCOUNT_EXCEEDS_AMOUNT'],
    [{ currency: '' }, 'currency', 'FIELD_REQUIRED'],
    [{ currency: 'krw' }, 'currency', 'CURRENCY_UNKNOWN'],
    [{ currency: 'XAU' }, 'currency', 'CURRENCY_UNKNOWN'],
    [{ ordered_on: '2026-02-29' }, 'ordered_on', 'ROW_DATE_INVALID'],
    [{ ordered_on: '01/03/2026' }, 'ordered_on', 'ROW_DATE_INVALID'],
    [{ confirmed_on: '2026-02-30T10:00:00' }, 'confirmed_on', 'ROW_DATE_INVALID'],
    [{ confirmed_on: '' }, 'confirmed_on', 'FIELD_REQUIRED'],
  ])('refuses %j', (changes, column, code) => {
    expect(sale(changes)).toEqual({ faults: [{ column, code, value: Object.values(changes)[0] }] });
  });

  it('names every fault of a row once', () => {
    const read = sale({ order_id: '', quantity: 'x', currency: 'XYZ', unit_price: '1,0', confirmed_on: 'soon' });
    const faults = 'faults' in read ? read.faults.map(({ column, code }) => `${column} ${code}`) : [];
    expect(faults).toEqual([
      'order_id FIELD_REQUIRED',
      'quantity QUANTITY_INVALID',
      'currency CURRENCY_UNKNOWN',
      'unit_price AMOUNT_INVALID',
      'confirmed_on ROW_DATE_INVALID',
    ]);
  });

  it('accepts discounts of exactly the amount', () => {
    expect(entryOf({ seller_discount: '2000', platform_discount: '1000' })).toMatchObject({ itemAmount: 3000 });
  });
});

describe('readRefundRow', () => {
  it('reads a row; the reason may be absent', () => {
    const entry = { refundId: 'R1', orderId: 'O1', lineId: '1', quantity: 2, occurredOn: '2026-03-06', reason: '' };
    expect(readRefundRow(['R1', 'O1', '1', '2', '2026-03-06', ''], dateOf)).toEqual({ entry });
  });

  it('names every fault', () => {
    const read = readRefundRow(['', 'O 1 ', '1', '0', '2026-13-01', '가'.repeat(256)], dateOf);
    const codes = 'faults' in read ? read.faults.map((fault) => fault.code) : [];
    expect(codes).toEqual(['FIELD_REQUIRED', 'ID_INVALID', 'QUANTITY_INVALID', 'ROW_DATE_INVALID', 'REASON_INVALID']);
  });
});
