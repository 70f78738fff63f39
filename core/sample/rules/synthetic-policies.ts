/**
 * The fee policies of the synthetic feed: every kind of component, scope, bound and VAT mode, the same for every date and seed.
 * A policy without scope in each currency makes sure that no synthetic line is parked.
 */
import { type Commission, type FeePolicy, type FeeVat, NO_VAT, type PgFee } from '../../policies/rules/fee-policy.js';

/** The first day of the synthetic policies; synthetic dates lie after it. */
export const SYNTHETIC_POLICIES_FROM = '1970-01-01';

const COMMISSION: Commission = {
  components: [],
  includeShipping: false,
  minMinor: null,
  maxMinor: null,
  rounding: 'half-up',
  roundingUnitMinor: 1,
  onRefund: 'reverse',
};
const PG_BY_SELLER: PgFee = {
  rateE4: 29_000,
  bearer: 'seller',
  vat: 'exclusive',
  rounding: 'half-up',
  onRefund: 'reverse',
};
const PG_BY_PLATFORM: PgFee = { ...PG_BY_SELLER, bearer: 'platform', vat: 'none' };
const VAT_ON_TOP: FeeVat = { rateE4: 100_000, mode: 'exclusive', rounding: 'down' };
const VAT_CONTAINED: FeeVat = { ...VAT_ON_TOP, mode: 'inclusive' };

interface Terms {
  readonly seller?: string;
  readonly category?: string;
  readonly product?: string;
  readonly currency?: string;
  readonly commission: Partial<Commission>;
  readonly vat?: FeeVat;
  readonly pgFee?: PgFee | null;
}

function policy(code: string, terms: Terms): FeePolicy {
  const {
    seller = null,
    category = null,
    product = null,
    currency = 'KRW',
    vat = VAT_ON_TOP,
    pgFee = PG_BY_SELLER,
  } = terms;
  return {
    code: `seed-${code}`,
    version: 1,
    scope: { seller, category, product },
    currency,
    effectiveFrom: SYNTHETIC_POLICIES_FROM,
    effectiveTo: null,
    commission: { ...COMMISSION, ...terms.commission },
    vat,
    pgFee,
  };
}

export const SYNTHETIC_POLICIES: readonly FeePolicy[] = [
  policy('standard', {
    commission: {
      components: [
        { type: 'percent', rateE4: 85_000 },
        { type: 'fixed', amountMinor: 100, per: 'line' },
      ],
      minMinor: 50,
      maxMinor: 20_000,
    },
  }),
  policy('fashion', {
    category: '패션',
    commission: {
      components: [
        {
          type: 'tiers',
          mode: 'graduated',
          steps: [
            { upToMinor: 100_000, rateE4: 120_000 },
            { upToMinor: 500_000, rateE4: 100_000 },
            { upToMinor: null, rateE4: 62_500 },
          ],
        },
      ],
      rounding: 'down',
      roundingUnitMinor: 10,
    },
  }),
  policy('electronics', {
    category: '가전',
    commission: {
      components: [
        {
          type: 'tiers',
          mode: 'slab',
          steps: [
            { upToMinor: 50_000, rateE4: 70_000 },
            { upToMinor: 300_000, rateE4: 55_000 },
            { upToMinor: null, rateE4: 41_250 },
          ],
        },
      ],
      maxMinor: 100_000,
    },
    vat: VAT_CONTAINED,
    pgFee: PG_BY_PLATFORM,
  }),
  policy('food', {
    category: '식품',
    commission: {
      components: [{ type: 'percent', rateE4: 49_000 }],
      includeShipping: true,
      minMinor: 100,
      rounding: 'half-even',
      onRefund: 'keep',
    },
    vat: NO_VAT,
    pgFee: null,
  }),
  policy('bestseller', {
    product: 'P000001',
    commission: {
      components: [
        { type: 'percent', rateE4: 30_000 },
        { type: 'fixed', amountMinor: 300, per: 'unit' },
      ],
    },
  }),
  policy('largest-seller', {
    seller: 'seller-000001',
    commission: { components: [{ type: 'percent', rateE4: 61_500 }], maxMinor: 15_000, rounding: 'up' },
    pgFee: { ...PG_BY_SELLER, rateE4: 24_000, onRefund: 'keep' },
  }),
  policy('second-seller-fashion', {
    seller: 'seller-000002',
    category: '패션',
    commission: { components: [{ type: 'percent', rateE4: 97_500 }], roundingUnitMinor: 100, rounding: 'down' },
    vat: VAT_CONTAINED,
  }),
  policy('third-seller-product', {
    seller: 'seller-000003',
    product: 'P000002',
    commission: { components: [{ type: 'fixed', amountMinor: 1_500, per: 'line' }] },
  }),
  policy('dollars', {
    currency: 'USD',
    commission: {
      components: [
        { type: 'percent', rateE4: 100_000 },
        { type: 'fixed', amountMinor: 30, per: 'line' },
      ],
      minMinor: 50,
      rounding: 'half-even',
    },
    vat: NO_VAT,
    pgFee: PG_BY_PLATFORM,
  }),
  policy('yen', {
    currency: 'JPY',
    commission: { components: [{ type: 'percent', rateE4: 92_500 }], rounding: 'half-even' },
    vat: VAT_CONTAINED,
  }),
];
