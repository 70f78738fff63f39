/** Compares certified totals, which are decimal text per currency. */
import type { CertifiedControl } from '../../../core/settlement/rules/certificate.js';

/** The first sum that differs, as `KRW net 5`, or undefined when all are equal. */
export function firstDifference(
  expected: readonly CertifiedControl[],
  actual: readonly CertifiedControl[],
): { expected: string; actual: string } | undefined {
  const currencies = [...new Set([...expected, ...actual].map(({ currency }) => currency))].sort();
  for (const currency of currencies) {
    const [a, b] = [expected, actual].map((all) => all.find((one) => one.currency === currency));
    if (a === undefined || b === undefined) {
      return {
        expected: a ? `sums in ${currency}` : `none in ${currency}`,
        actual: b ? `sums in ${currency}` : `none in ${currency}`,
      };
    }
    const other: Readonly<Record<string, string | number>> = { ...b };
    for (const [name, value] of Object.entries(a)) {
      if (other[name] !== value) {
        return { expected: `${currency} ${name} ${value}`, actual: `${currency} ${name} ${other[name]}` };
      }
    }
  }
  return undefined;
}

/** Totals in a few words: `1000 sales, 30 refunds, net 5 KRW`. */
export function inWords(totals: readonly (CertifiedControl & { readonly net?: string })[]): string {
  if (totals.length === 0) return 'nothing';
  return totals
    .map(({ currency, sales, refunds, itemAmount, net }) => {
      const amount = net === undefined ? `item amount ${itemAmount}` : `net ${net}`;
      return `${sales} sales, ${refunds} refunds, ${amount} ${currency}`;
    })
    .join('; ');
}
