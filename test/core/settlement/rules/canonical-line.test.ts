/** The bytes that certificates are hashed over. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { CanonicalLines, writeInteger } from '../../../../core/settlement/rules/canonical-line.js';
import type { SettledLine } from '../../../../core/settlement/rules/line.js';

const sale: SettledLine = {
  leg: SALE,
  entryId: 1_000_000_000,
  orderId: 'O-1',
  lineId: '1',
  refundId: '',
  sellerId: 'S-1',
  currency: 'KRW',
  quantity: 2,
  figures: {
    itemAmount: 10_000,
    sellerDiscount: 1_000,
    platformDiscount: 500,
    shippingFee: 3_000,
    buyerPaid: 11_500,
    feeBase: 9_000,
    fee: 865,
    feeVat: 86,
    pgFee: 334,
    pgFeeVat: 33,
    net: 10_682,
  },
  policyId: 7,
  policyCode: 'standard',
  policyVersion: 3,
  vatMode: 'exclusive',
  entryRest: 'P-1\t53686F6573\t5000\t2026-03-01\t2026-03-02\t4',
};
const SALE_TEXT =
  '1000000000\tO-1\t1\tsale\t\tS-1\tKRW\t2\t10000\t1000\t500\t3000\t11500\t9000\t865\t86\texclusive\t334\t33\t10682\tstandard\t3\n';
const refund: SettledLine = {
  ...sale,
  leg: REFUND,
  entryId: 9,
  refundId: 'R-1',
  quantity: 1,
  figures: { ...sale.figures, itemAmount: -5_000, shippingFee: 0, net: -9_007_199_254_740_991 },
};
const REFUND_TEXT =
  '9\tO-1\t1\trefund\tR-1\tS-1\tKRW\t1\t-5000\t1000\t500\t0\t11500\t9000\t865\t86\texclusive\t334\t33\t-9007199254740991\tstandard\t3\n';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('CanonicalLines', () => {
  it('of form 2 end with the rest of their entries, whatever its length', () => {
    const lines = new CanonicalLines(2);
    const reason = 'C3A4'.repeat(255);
    const long = { ...refund, entryRest: `2026-03-01\t7\t0\t2026-03-02\t\t${reason}` };
    for (const line of [sale, ...Array.from({ length: 100 }, () => long)]) lines.add(line);
    const expected = [
      SALE_TEXT,
      sale.entryRest,
      ...Array.from({ length: 100 }, () => [REFUND_TEXT, long.entryRest]).flat(),
    ];
    expect(text(lines.take())).toBe(
      expected.map((part, i) => (i % 2 === 0 ? part.replace('\n', '\t') : `${part}\n`)).join(''),
    );
  });

  it('writes 22 fields a line, a refund with its signs', () => {
    const lines = new CanonicalLines(1);
    lines.add(sale);
    lines.add(refund);
    expect(text(lines.take())).toBe(SALE_TEXT + REFUND_TEXT);
  });

  it('hands every line out once', () => {
    const lines = new CanonicalLines(1);
    lines.add(sale);
    expect(text(lines.take())).toBe(SALE_TEXT);
    expect(lines.take()).toHaveLength(0);
    lines.add(refund);
    expect(text(lines.take())).toBe(REFUND_TEXT);
  });

  it('holds any number of lines', () => {
    const lines = new CanonicalLines(1);
    for (let i = 0; i < 2_000; i += 1) lines.add(sale);
    expect(text(lines.take())).toBe(SALE_TEXT.repeat(2_000));
  });
});

describe('writeInteger', () => {
  const written = (value: number): string => {
    const bytes = new Uint8Array(20);
    return text(bytes.subarray(0, writeInteger(bytes, 0, value)));
  };

  it.each([0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 1_000_000_001, 2 ** 31, -1, -1_000_000_000, -(2 ** 53 - 1)])(
    '%d',
    (value) => {
      expect(written(value)).toBe(String(value));
    },
  );

  it('writes every safe integer as String does', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => written(value) === String(value)));
  });
});
