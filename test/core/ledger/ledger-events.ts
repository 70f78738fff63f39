/** Random events of every posting rule, with amounts as they may come. */
import fc from 'fast-check';
import { type About, RULE_NAMES, type RuleName, ruleOf } from '../../../core/ledger/rules/posting-rules.js';

export interface LedgerEvent extends Required<About> {
  readonly rule: RuleName;
  /** For each amount of the rule, in the order of its legs. */
  readonly sizes: readonly bigint[];
}

/** Settlements come with amounts of either sign, everything else with positive ones. */
export const amountsOf = ({ rule, sizes }: LedgerEvent): Record<string, bigint> => {
  const names = [...new Set(ruleOf(rule).legs.flatMap(([, signs]) => Object.keys(signs)))];
  const settled = names.length > 1;
  return Object.fromEntries(
    names.map((name, at) => {
      const size = sizes[at] ?? 0n;
      if (!settled) return [name, size < 0n ? -size : size];
      if (name !== 'net') return [name, size];
      const net = size < 0n ? -size : size;
      return [name, rule === 'SETTLEMENT' ? net : -net];
    }),
  );
};

export const someEvent: fc.Arbitrary<LedgerEvent> = fc.record({
  rule: fc.constantFrom(...RULE_NAMES),
  sellerId: fc.constantFrom('S1', 'S2', 'a b'),
  currency: fc.constantFrom('KRW', 'BRL'),
  provider: fc.constantFrom('TOSS', 'PORTONE'),
  sizes: fc.array(fc.bigInt(-(10n ** 20n), 10n ** 20n), { minLength: 7, maxLength: 7 }),
});
