/** When a seller is paid next: of the dates on which statements and drafts fall due the first on which something is paid. Amounts are minor units. */
import { type NotPaid, type PayCase, whyNotPaid } from './why-not-paid.js';

/** A statement that no payout has claimed, or the draft of a period. */
export interface DuePart {
  /** Null: a draft. */
  readonly statementId: number | null;
  readonly periodFrom: string;
  readonly closesOn: string;
  /** Business date. */
  readonly payoutOn: string;
  readonly earnedMinor: bigint;
  readonly hash: string;
}

export interface NextDate {
  readonly payoutOn: string;
  readonly amountMinor: bigint;
  readonly parts: readonly DuePart[];
  /** Why nothing would be paid, as it is known now; null: it would be paid. */
  readonly notPaid: NotPaid | null;
}

/** What waiting may mend: more is earned by the next date. */
const PASSES: readonly NotPaid['reason'][] = ['NEGATIVE_BALANCE', 'BELOW_MINIMUM', 'DATE_NOT_REACHED'];

/**
 * @param caseOn what is known of the seller on a date, its issued statements alone; `availableMinor` with what the closes of the drafts due by then post
 * @returns the first date on which it is paid, or the last one with the reason why not; undefined: nothing falls due
 */
export function nextDate(
  parts: readonly DuePart[],
  today: string,
  caseOn: (date: string) => PayCase,
): NextDate | undefined {
  const dates = [...new Set(parts.map(({ payoutOn }) => (payoutOn < today ? today : payoutOn)))].sort();
  let last: NextDate | undefined;
  for (const date of dates) {
    const due = parts.filter(({ payoutOn }) => payoutOn <= date);
    const amountMinor = due.reduce((sum, { earnedMinor }) => sum + earnedMinor, 0n);
    const notPaid = whyNotPaid({ ...caseOn(date), statements: due.length, amountMinor }) ?? null;
    last = { payoutOn: date, amountMinor, parts: due, notPaid };
    if (notPaid === null || !PASSES.includes(notPaid.reason)) return last;
  }
  return last;
}

/** What could still change the next payout. */
export const MAY_CHANGE = [
  'PERIOD_OPEN',
  'ORDERS_NOT_SETTLED',
  'ON_HOLD',
  'MINIMUM',
  'RESERVE',
  'DEBT',
  'BANK_ACCOUNT_MISSING',
  'BANK_ACCOUNT_PROPOSED',
  'PAYOUT_FAILED',
] as const;
export type MayChange = (typeof MAY_CHANGE)[number];
