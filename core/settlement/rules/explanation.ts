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
  /** The rule in words, with the policy's own numbers. */
  readonly formula: string;
  /** The value before rounding, in minor units, as an integer or a reduced fraction `n/d`; null where nothing is rounded. */
  readonly exact: string | null;
  /** The value in minor units (a count for a quantity); null for a part that is only rounded in a later step. */
  readonly value: number | null;
}

/** A step in which nothing is rounded. */
export const plainStep = (symbol: string, name: string, formula: string, value: number): Step => ({
  symbol,
  name,
  formula,
  exact: null,
  value,
});

/** n / d reduced, as `n/d`, or as an integer when it is one; n not negative, d positive. */
export function fractionText(n: bigint, d: bigint): string {
  let [a, b] = [n, d];
  while (b !== 0n) [a, b] = [b, a % b];
  return d === a ? String(n / a) : `${n / a}/${d / a}`;
}
