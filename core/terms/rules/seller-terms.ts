/** The terms on which a seller is paid: when its periods close, when they are paid out, and what is kept back. */

import { formatAmount, formatRate } from '../../../kernel/money.js';
import type { Roll } from '../../business-days/rules/business-calendar.js';
import type { WEEKDAY_NAMES } from '../../business-days/rules/holidays.js';

/** On which days periods close. */
export type Cycle =
  | { readonly type: 'daily' }
  | { readonly type: 'weekly'; readonly closesOn: (typeof WEEKDAY_NAMES)[number] }
  /** On the 15th and on the last day of each month. */
  | { readonly type: 'half-monthly' }
  /** On this day of each month, on the last where the month is shorter: 31 is always the last. */
  | { readonly type: 'monthly'; readonly closesOn: number }
  /** On these dates, in their order. What comes after the last is in a period that has no end yet. */
  | { readonly type: 'dates'; readonly closesOn: readonly string[] };

/** How long after a period's last day it is paid out; at least 1. */
export interface Delay {
  readonly unit: 'businessDays' | 'days';
  readonly count: number;
}

/** In one currency: what is not worth a transfer. */
export interface Minimum {
  readonly currency: string;
  readonly amountMinor: number;
  /** This many periods may carry less than the minimum forward before it is paid all the same; null sets no limit. */
  readonly carryForwardPeriods: number | null;
}

/** Where what a seller owes is taken from, step by step. `write-off` needs two people and comes last. */
export const CLAWBACK_STEPS = ['next-earnings', 'reserve', 'receivable', 'write-off'] as const;
export type ClawbackStep = (typeof CLAWBACK_STEPS)[number];

/** The steps that take from other money of the seller's: not under terms that say "no set-off". */
export const NETTING_STEPS: readonly ClawbackStep[] = ['next-earnings', 'reserve'];

export interface SellerTerms {
  /** Null: of all sellers that have no terms of their own on the day. */
  readonly seller: string | null;
  readonly version: number;
  readonly effectiveFrom: string;
  /** The last day, both ends inclusive; null: until a later version begins. */
  readonly effectiveTo: string | null;
  readonly cycle: Cycle;
  readonly delay: Delay;
  /** What becomes of a payout date that is no business day. */
  readonly holidayRule: Roll;
  /** By currency; in others everything is paid. */
  readonly minimums: readonly Minimum[];
  /** A share of each payout that is kept back for so many days. */
  readonly reserve: { readonly rateE4: number; readonly days: number } | null;
  /** Nothing is paid out while they are in force, and why. */
  readonly hold: { readonly reason: string } | null;
  readonly noSetOff: boolean;
  readonly clawback: readonly ClawbackStep[];
}

/** The terms as a file has them, with every default spelled out. */
export function termsToFile(terms: SellerTerms): object {
  const { delay, minimums, reserve } = terms;
  return {
    seller: terms.seller,
    version: terms.version,
    effectiveFrom: terms.effectiveFrom,
    effectiveTo: terms.effectiveTo,
    cycle: terms.cycle,
    delay: { [delay.unit]: delay.count },
    holidayRule: terms.holidayRule,
    minimums: Object.fromEntries(
      minimums.map(({ currency, amountMinor, carryForwardPeriods }) => [
        currency,
        { amount: formatAmount(amountMinor, currency), carryForwardPeriods },
      ]),
    ),
    reserve: reserve === null ? null : { percent: formatRate(reserve.rateE4), days: reserve.days },
    hold: terms.hold,
    noSetOff: terms.noSetOff,
    clawback: terms.clawback,
  };
}

export const termsEqual = (a: SellerTerms, b: SellerTerms): boolean =>
  JSON.stringify(termsToFile(a)) === JSON.stringify(termsToFile(b));
