/**
 * What closing the periods of a seller and currency makes of what is open. The same decision is a preview, where nothing of it is stored. Amounts are minor
 * units, positive where the platform owes the seller.
 */
import { addDays } from '../../../kernel/business-date.js';
import { divRoundBig, FULL_RATE_E4, leastMinor } from '../../../kernel/money.js';
import type { RuleName } from '../../ledger/rules/posting-rules.js';
import type { SellerTerms } from '../../terms/rules/seller-terms.js';
import type { ClosedPeriod, DuePeriods } from './due-periods.js';
import type { OpenAccount, OpenItem, OpenReserve, OpenSettlement } from './open-account.js';
import type { KindSum, LegTotals } from './statement.js';
import { isDebit, isPayout, kindSums, legTotals, sumOf } from './sums.js';
import { waterfall } from './waterfall.js';

/** A transaction that the close posts on its last day. */
export interface NewItem {
  readonly key: string;
  readonly kind: RuleName;
  /** What it changes for the seller: positive where it raises the balance. */
  readonly amountMinor: bigint;
}

/** A reserve after a close. One that the same close has made bears no id yet, but the number of its statement. */
export interface MovedReserve extends Omit<OpenReserve, 'statementId'> {
  readonly statementId: number | null;
  readonly releasedMinor: bigint;
  /** The number of the statement that has given it back; null: it is open. */
  readonly releasedIn: number | null;
}

export interface DraftStatement {
  readonly number: number;
  readonly period: ClosedPeriod;
  readonly openingMinor: bigint;
  readonly settlements: readonly OpenSettlement[];
  readonly items: readonly OpenItem[];
  readonly newItems: readonly NewItem[];
  readonly sales: LegTotals;
  readonly refunds: LegTotals;
  readonly sums: readonly KindSum[];
  readonly earnedMinor: bigint;
  readonly closingMinor: bigint;
}

export interface Closed {
  readonly statements: readonly DraftStatement[];
  /** Reserves that were made, taken from or given back. */
  readonly reserves: readonly MovedReserve[];
  readonly closedThrough: string | null;
  /** When the first of what is left open was recorded; null: nothing is left. */
  readonly openSince: string | null;
  /** The first day with something on it for which there are no terms. */
  readonly termsMissingOn: string | null;
}

/** Closes every period that ends on the last day of `due` or before it, in order. Throws BUSINESS_DAY_UNKNOWN. */
export function closeAccount(account: OpenAccount, due: DuePeriods): Closed {
  const close = new AccountClose(account);
  const { closedThrough, timeline } = account;
  const first = close.firstOpenDate();
  const from = closedThrough === null ? first : addDays(closedThrough, 1);
  if (from === undefined) return close.result(closedThrough, due.through);
  const periods = closedThrough === null ? due.first(timeline, from) : due.from(timeline, from);
  for (const period of periods) close.period(period);
  return close.result(periods.at(-1)?.closesOn ?? closedThrough, due.through);
}

const atLeastZero = (amount: bigint): bigint => (amount > 0n ? amount : 0n);

/** How an account stands while its periods are closed one after the other. */
class AccountClose {
  private readonly statements: DraftStatement[] = [];
  private readonly moved = new Map<number, MovedReserve>();
  private reserves: MovedReserve[];
  private settlements: readonly OpenSettlement[];
  private items: readonly OpenItem[];
  private number: number;
  private openingMinor: bigint;
  private unpaidMinor: bigint;
  private payableMinor: bigint;
  private reserveMinor: bigint;
  private receivableMinor: bigint;

  constructor(private readonly account: OpenAccount) {
    ({ settlements: this.settlements, items: this.items, lastNumber: this.number } = account);
    ({ openingMinor: this.openingMinor, unpaidMinor: this.unpaidMinor, payableMinor: this.payableMinor } = account);
    ({ reserveMinor: this.reserveMinor, receivableMinor: this.receivableMinor } = account);
    this.reserves = account.reserves.map((one) => ({ ...one, releasedMinor: 0n, releasedIn: null }));
  }

  /** The first date that something open counts for. */
  firstOpenDate(): string | undefined {
    const [first] = this.settlements;
    const dates = [...(first === undefined ? [] : [first.settledOn]), ...this.items.map((it) => it.effectiveOn)];
    return dates.sort()[0];
  }

  /** Closes one period: a statement, unless there is nothing to state. */
  period(period: ClosedPeriod): void {
    const { closesOn } = period;
    const settlements = this.settlements.filter(({ settledOn }) => settledOn <= closesOn);
    const items = this.items.filter(({ effectiveOn }) => effectiveOn <= closesOn);
    const due = this.reserves.some(({ dueOn }) => dueOn <= closesOn);
    if (this.openingMinor === 0n && settlements.length === 0 && items.length === 0 && !due) return;
    if (settlements.length > 0) this.settlements = this.settlements.filter(({ settledOn }) => settledOn > closesOn);
    if (items.length > 0) this.items = this.items.filter(({ effectiveOn }) => effectiveOn > closesOn);
    this.number += 1;
    this.statements.push(this.state(period, settlements, items));
  }

  private state(
    period: ClosedPeriod,
    settlements: readonly OpenSettlement[],
    items: readonly OpenItem[],
  ): DraftStatement {
    const { number, openingMinor } = this;
    const terms = this.termsOf(period);
    const totals = legTotals(settlements);
    const settledMinor = totals.sales.figures.net + totals.refunds.figures.net;
    const released = this.release(period);
    const earned = items.filter((item) => !isPayout(item));
    const ownMinor = settledMinor + sumOf(earned);
    const debitsMinor = -sumOf(items.filter(isDebit));
    const waterfallItems = this.waterfall(terms, ownMinor + sumOf(released), debitsMinor);
    const reserved = this.reserve(period, terms, ownMinor + sumOf(waterfallItems));
    const newItems = [...released, ...waterfallItems, ...reserved];
    const earnedMinor = ownMinor + sumOf(newItems);
    this.unpaidMinor += earnedMinor;
    this.openingMinor = openingMinor + settledMinor + sumOf(items) + sumOf(newItems);
    const sums = kindSums([...items, ...newItems]);
    return {
      number,
      period,
      openingMinor,
      settlements,
      items,
      newItems,
      ...totals,
      sums,
      earnedMinor,
      closingMinor: this.openingMinor,
    };
  }

  private termsOf({ seller, termsVersion }: ClosedPeriod): SellerTerms {
    const { timeline } = this.account;
    const span = timeline.find(({ terms }) => terms.seller === seller && terms.version === termsVersion);
    if (span === undefined) throw new Error(`the terms ${seller} ${termsVersion} of a period are not in its timeline`);
    return span.terms;
  }

  private keyOf(name: string, number: number): string {
    return `${name}:${this.account.sellerId}:${this.account.currency}:${number}`;
  }

  private keep(reserve: MovedReserve): void {
    this.moved.set(reserve.number, reserve);
    this.reserves = this.reserves
      .map((one) => (one.number === reserve.number ? reserve : one))
      .filter(({ releasedIn }) => releasedIn === null);
  }

  /** Gives back what was kept for long enough, as far as the reserve still holds it. */
  private release({ closesOn }: ClosedPeriod): NewItem[] {
    return this.reserves
      .filter(({ dueOn }) => dueOn <= closesOn)
      .flatMap((reserve): NewItem[] => {
        const amountMinor = leastMinor(reserve.amountMinor - reserve.takenMinor, this.reserveMinor);
        this.keep({ ...reserve, releasedMinor: amountMinor, releasedIn: this.number });
        if (amountMinor === 0n) return [];
        this.reserveMinor -= amountMinor;
        this.payableMinor += amountMinor;
        return [{ key: this.keyOf('reserve-released', reserve.number), kind: 'RESERVE_RELEASED', amountMinor }];
      });
  }

  /** What the seller owes. @param ownMinor what this statement comes to so far */
  private waterfall(terms: SellerTerms, ownMinor: bigint, debitsMinor: bigint): NewItem[] {
    const { unpaidMinor, reserveMinor, receivableMinor } = this;
    const standing = { unpaidMinor: unpaidMinor + ownMinor, unpaidBeforeMinor: unpaidMinor, debitsMinor };
    const items: NewItem[] = [];
    for (const { rule, amountMinor: wanted } of waterfall(terms, { ...standing, reserveMinor, receivableMinor })) {
      const netted = rule === 'RECEIVABLE_NETTED';
      // What counts for later dates may have taken from the balance already.
      const amount = netted ? leastMinor(wanted, atLeastZero(this.payableMinor)) : wanted;
      if (amount === 0n) continue;
      if (rule === 'CLAWBACK_FROM_RESERVE') this.take(amount);
      else this.receivableMinor += netted ? -amount : amount;
      this.payableMinor += netted ? -amount : amount;
      items.push({
        key: `${this.keyOf('owed', this.number)}:${items.length + 1}`,
        kind: rule,
        amountMinor: netted ? -amount : amount,
      });
    }
    return items;
  }

  /** Takes from the oldest reserves first. */
  private take(amountMinor: bigint): void {
    this.reserveMinor -= amountMinor;
    let rest = amountMinor;
    for (const reserve of [...this.reserves]) {
      const taken = leastMinor(rest, reserve.amountMinor - reserve.takenMinor);
      if (taken === 0n) continue;
      this.keep({ ...reserve, takenMinor: reserve.takenMinor + taken });
      rest -= taken;
    }
  }

  /**
   * Keeps a share back of what this statement adds to the next payout. What was given back is not reserved again, and of earnings that make up for a debt only
   * what is left of them.
   */
  private reserve(period: ClosedPeriod, { reserve }: SellerTerms, ownMinor: bigint): NewItem[] {
    if (reserve === null) return [];
    const base = atLeastZero(leastMinor(ownMinor, this.unpaidMinor + ownMinor));
    const share = divRoundBig(base * BigInt(reserve.rateE4), BigInt(FULL_RATE_E4), 'half-up');
    const amountMinor = leastMinor(share, atLeastZero(this.payableMinor));
    if (amountMinor === 0n) return [];
    this.reserveMinor += amountMinor;
    this.payableMinor -= amountMinor;
    const made: MovedReserve = {
      ...{ statementId: null, number: this.number, dueOn: addDays(period.closesOn, reserve.days) },
      ...{ amountMinor, takenMinor: 0n, releasedMinor: 0n, releasedIn: null },
    };
    this.reserves.push(made);
    this.keep(made);
    return [{ key: this.keyOf('reserve', this.number), kind: 'RESERVE', amountMinor: -amountMinor }];
  }

  result(closedThrough: string | null, through: string): Closed {
    const open = [
      ...this.settlements.map(({ settledOn: date, recordedAt }) => ({ date, recordedAt })),
      ...this.items.map(({ effectiveOn: date, recordedAt }) => ({ date, recordedAt })),
    ];
    const { timeline, laterSince } = this.account;
    const uncovered = open.map(({ date }) => date).filter((date) => date <= through && !covered(timeline, date));
    const since = [...open.map(({ recordedAt }) => recordedAt), ...(laterSince === null ? [] : [laterSince])].sort()[0];
    return {
      statements: this.statements,
      reserves: [...this.moved.values()],
      closedThrough,
      openSince: since ?? null,
      termsMissingOn: uncovered.sort()[0] ?? null,
    };
  }
}

/** Whether terms are in force on a date. */
export const covered = (timeline: OpenAccount['timeline'], date: string): boolean =>
  timeline.some(({ from, to }) => from <= date && (to === null || date <= to));
