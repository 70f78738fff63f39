/**
 * A fee policy: what a marketplace takes from a sale, for whom and when. One version of one code; immutable once stored.
 * Amounts are minor units of the policy's currency, rates integers of 0.0001 percent, dates business dates.
 */

import { formatAmount, formatRate, type Rounding } from '../../../kernel/money.js';

/** `exclusive`: the seller pays the VAT on top of the fee; `inclusive`: the fee contains it, it is only reported. */
export const VAT_MODES = ['none', 'exclusive', 'inclusive'] as const;
export type VatMode = (typeof VAT_MODES)[number];

interface FeeTierStep {
  /** Upper bound of the step, which belongs to it; null for the last one. */
  readonly upToMinor: number | null;
  readonly rateE4: number;
}

export type FeeComponent =
  | { readonly type: 'percent'; readonly rateE4: number }
  | { readonly type: 'fixed'; readonly amountMinor: number; readonly per: 'line' | 'unit' }
  | { readonly type: 'tiers'; readonly mode: 'graduated' | 'slab'; readonly steps: readonly FeeTierStep[] };

type OnRefund = 'reverse' | 'keep';

export interface PolicyScope {
  readonly seller: string | null;
  readonly category: string | null;
  readonly product: string | null;
}

export interface Commission {
  readonly components: readonly FeeComponent[];
  readonly includeShipping: boolean;
  readonly minMinor: number | null;
  readonly maxMinor: number | null;
  readonly rounding: Rounding;
  /** The fee is rounded to a multiple of this many minor units, before min, max and the fee base bound it. */
  readonly roundingUnitMinor: number;
  readonly onRefund: OnRefund;
}

export interface FeeVat {
  readonly rateE4: number;
  readonly mode: VatMode;
  readonly rounding: Rounding;
}

export interface PgFee {
  readonly rateE4: number;
  readonly bearer: 'seller' | 'platform';
  readonly vat: 'none' | 'exclusive';
  readonly rounding: Rounding;
  readonly onRefund: OnRefund;
}

export interface FeePolicy {
  readonly code: string;
  readonly version: number;
  readonly scope: PolicyScope;
  readonly currency: string;
  readonly effectiveFrom: string;
  /** Last day in force as the file states it, or null; a recorded end may come earlier (see `StoredPolicy.endsOn`). */
  readonly effectiveTo: string | null;
  readonly commission: Commission;
  readonly vat: FeeVat;
  readonly pgFee: PgFee | null;
}

/** What names one version of a policy. */
export type PolicyKey = Pick<FeePolicy, 'code' | 'version'>;
export const policyKey = ({ code, version }: PolicyKey): PolicyKey => ({ code, version });

/** VAT of a policy whose file says nothing about it. */
export const NO_VAT: FeeVat = { rateE4: 0, mode: 'none', rounding: 'half-up' };

function componentToFile(component: FeeComponent, currency: string): object {
  switch (component.type) {
    case 'percent':
      return { type: 'percent', rate: formatRate(component.rateE4) };
    case 'fixed':
      return { type: 'fixed', amount: formatAmount(component.amountMinor, currency), per: component.per };
    case 'tiers':
      return {
        type: 'tiers',
        mode: component.mode,
        steps: component.steps.map((step) => ({
          upTo: step.upToMinor === null ? null : formatAmount(step.upToMinor, currency),
          rate: formatRate(step.rateE4),
        })),
      };
  }
}

/**
 * The policy as it stands in a policy file, every default spelled out (what has no spelling, such as an absent part of the
 * scope or no PG fee, is left out) and keys in a fixed order: two policies are equal when the JSON text of this is equal.
 */
export function policyToFile(policy: FeePolicy): object {
  const { scope, currency, commission, vat, pgFee } = policy;
  const amount = (minor: number | null) => (minor === null ? null : formatAmount(minor, currency));
  return {
    code: policy.code,
    version: policy.version,
    scope: {
      ...(scope.seller === null ? {} : { seller: scope.seller }),
      ...(scope.category === null ? {} : { category: scope.category }),
      ...(scope.product === null ? {} : { product: scope.product }),
    },
    currency,
    effectiveFrom: policy.effectiveFrom,
    effectiveTo: policy.effectiveTo,
    commission: {
      components: commission.components.map((component) => componentToFile(component, currency)),
      includeShipping: commission.includeShipping,
      min: amount(commission.minMinor),
      max: amount(commission.maxMinor),
      rounding: commission.rounding,
      roundingUnit: commission.roundingUnitMinor,
      onRefund: commission.onRefund,
    },
    vat: { rate: formatRate(vat.rateE4), mode: vat.mode, rounding: vat.rounding },
    ...(pgFee === null
      ? {}
      : {
          pgFee: {
            rate: formatRate(pgFee.rateE4),
            bearer: pgFee.bearer,
            vat: pgFee.vat,
            rounding: pgFee.rounding,
            onRefund: pgFee.onRefund,
          },
        }),
  };
}

/** Whether two policies say the same, whatever decimals their files were written with. */
export function policiesEqual(a: FeePolicy, b: FeePolicy): boolean {
  return JSON.stringify(policyToFile(a)) === JSON.stringify(policyToFile(b));
}
