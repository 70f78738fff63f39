/** The text whose SHA-256 is the hash of a statement. docs/statements.md describes it. */
import type { Statement } from './statement.js';

/** What of a settlement stands in it. */
export interface CanonicalSettlement {
  /** Date, generation, number of sales, number of refunds, and the figures in the order of FIGURES, with spaces between them. */
  readonly text: string;
}

export interface CanonicalItem {
  readonly key: string;
  readonly kind: string;
  readonly amountMinor: bigint;
}

type Head = Pick<
  Statement,
  | 'sellerId'
  | 'currency'
  | 'number'
  | 'periodFrom'
  | 'closesOn'
  | 'payoutOn'
  | 'termsSeller'
  | 'termsVersion'
  | 'calendarVersion'
  | 'openingMinor'
  | 'earnedMinor'
  | 'closingMinor'
>;

/** @param settlements by date and generation @param items in any order */
export function canonicalStatement(
  head: Head,
  settlements: readonly CanonicalSettlement[],
  items: readonly CanonicalItem[],
): string {
  const lines = [
    'magam-statement/1',
    `seller ${head.sellerId}`,
    `currency ${head.currency}`,
    `number ${head.number}`,
    `period ${head.periodFrom} ${head.closesOn}`,
    `payout ${head.payoutOn}`,
    `terms ${head.termsVersion}${head.termsSeller === null ? '' : ` ${head.termsSeller}`}`,
    `calendar ${head.calendarVersion}`,
    `opening ${head.openingMinor}`,
    ...(settlements.length === 0 ? [] : [`settlement ${settlements.map(({ text }) => text).join('\nsettlement ')}`]),
    ...items.map(({ key, kind, amountMinor }) => `transaction ${kind} ${amountMinor} ${key}`).sort(byText),
    `earned ${head.earnedMinor}`,
    `closing ${head.closingMinor}`,
  ];
  return `${lines.join('\n')}\n`;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
