/** How figures came about, step by step, for people: what `magam explain` prints. */
import type { Figures } from './figures.js';

export interface Explanation {
  readonly steps: Step[];
  readonly figures: Figures;
}

export interface Step {
  /** The symbol of the rules, such as `P`, `F` or `Δ(A)`. */
  readonly symbol: string;
  readonly name: string;
  /** The rule in words, with the policy's own numbers; amounts as the caller's `AmountText` writes them. */
  readonly formula: string;
  /** The value before rounding, in minor units, as an integer or a reduced fraction `n/d`; null where nothing is rounded. */
  readonly exact: string | null;
  /** The value in minor units (a count where `counts` is true); null for a part that is only rounded in a later step. */
  readonly value: number | null;
  /** The value is a count of units. */
  readonly counts: boolean;
}

/** How an amount in minor units is written within a formula. */
export type AmountText = (minor: number) => string;
/** The digits of the minor units alone. */
export const minorText: AmountText = String;

/** A step in which nothing is rounded. */
export const plainStep = (symbol: string, name: string, formula: string, value: number): Step => ({
  symbol,
  name,
  formula,
  exact: null,
  value,
  counts: false,
});

/** A count of units. */
export const countStep = (symbol: string, name: string, formula: string, value: number): Step => ({
  ...plainStep(symbol, name, formula, value),
  counts: true,
});

/** n / d reduced, as `n/d`, or as an integer when it is one; n not negative, d positive. */
export function fractionText(n: bigint, d: bigint): string {
  let [a, b] = [n, d];
  while (b !== 0n) [a, b] = [b, a % b];
  return d === a ? String(n / a) : `${n / a}/${d / a}`;
}
