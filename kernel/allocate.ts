/** Sharing an amount among lines so that the parts add up to it exactly. */

/**
 * Shares `total` in proportion to the weights by largest remainder. Every part is rounded down. The remaining minor units go, one each, to the
 * parts that lost most by rounding; among equal ones, to the earlier. `total` and the weights are not negative, and the sum of the weights is above 0. If `total` is at
 * most that sum, no part exceeds its weight.
 */
export function allocate(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum <= 0n) throw new RangeError('an amount cannot be shared among weights that are all 0');
  const cuts = weights.map((weight, index) => {
    const product = BigInt(total) * BigInt(weight);
    return { index, part: Number(product / sum), rest: product % sum };
  });
  const parts = cuts.map(({ part }) => part);
  const left = Number(BigInt(total) - parts.reduce((all, part) => all + BigInt(part), 0n));
  const byRest = [...cuts].sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  for (const { index, part } of byRest.slice(0, left)) parts[index] = part + 1;
  return parts;
}
