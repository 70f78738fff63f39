import { describe, expect, it } from '@jest/globals';
import {
  type CertifiedPartition,
  certifiedTotals,
  controlOf,
  parseCertificate,
  partitionHashesText,
} from '../../../../core/settlement/rules/certificate.js';
import { FIGURE_NAMES } from '../../../../core/settlement/rules/figures.js';
import type { Totals } from '../../../../core/settlement/rules/line-totals.js';

const sums = Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, 10n ** 17n + BigInt(i)]));
const totals = { sales: 7, refunds: 3, ...sums } as unknown as Totals;

describe('certified totals', () => {
  it('write sums of any size as decimal strings', () => {
    expect(certifiedTotals('KRW', totals)).toMatchObject({
      currency: 'KRW',
      sales: 7,
      refunds: 3,
      itemAmount: '100000000000000000',
      net: '100000000000000010',
    });
  });

  it('have a part that the feed alone determines: counts and amounts of the entries', () => {
    expect(controlOf(certifiedTotals('KRW', totals))).toEqual({
      currency: 'KRW',
      sales: 7,
      refunds: 3,
      itemAmount: '100000000000000000',
      sellerDiscount: '100000000000000001',
      platformDiscount: '100000000000000002',
      shippingFee: '100000000000000003',
    });
  });
});

describe('the text over the hashes of the partitions', () => {
  const range = (sha256: string) => ({ after: 0, through: 1, lines: 1, sha256 });
  const partition = (number: number): CertifiedPartition => ({
    number,
    sales: range(`s${number}`),
    refunds: range(`r${number}`),
    totals: [],
  });

  it('has sales, then refunds of each, in order, each ended by a line feed', () => {
    expect(partitionHashesText([partition(1), partition(2)])).toBe('s1\nr1\ns2\nr2\n');
  });
});

describe('parseCertificate', () => {
  it.each(['', 'null', '[]', '7', '{"format":"magam-certificate/3"}', '{"job":"settle"}', '{'])(
    'takes %j for none',
    (text) => {
      expect(parseCertificate(text)).toBeUndefined();
    },
  );

  it('reads one', () => {
    expect(parseCertificate('{"format":"magam-certificate/1","generation":2}')).toMatchObject({ generation: 2 });
  });
});
