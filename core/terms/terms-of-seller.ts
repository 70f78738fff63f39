/** The terms that are in force for a seller on a date, and the period that the date belongs to. */
import type { Db } from '../../infra/database.js';
import { decided, found } from '../../kernel/outcome.js';
import { businessCalendar } from '../business-days/keep-calendar.js';
import { type Period, periodOf } from './rules/periods.js';
import { type TermsSpan, timelineOf } from './rules/terms-book.js';
import { readTermsOf, type StoredTerms } from './stores/seller-terms.js';

export interface TermsOnDate {
  readonly span: TermsSpan<StoredTerms>;
  readonly period: Period;
  /** The versions of the seller itself, in force or not. */
  readonly own: readonly StoredTerms[];
}

/** The terms in force for a seller on a date; undefined where there are none. Throws TERMS_UNREADABLE. */
export async function termsInForce(db: Db, seller: string, date: string): Promise<StoredTerms | undefined> {
  return spanOn(timelineOf(await readTermsOf(db, seller), await readTermsOf(db, null)), date)?.terms;
}

const spanOn = (timeline: readonly TermsSpan<StoredTerms>[], date: string): TermsSpan<StoredTerms> | undefined =>
  timeline.find(({ from, to }) => from <= date && (to === null || date <= to));

/** Throws TERMS_MISSING, BUSINESS_DAY_UNKNOWN where the period's payout date cannot be computed, TERMS_UNREADABLE. */
export async function termsOfSeller(db: Db, seller: string, date: string): Promise<TermsOnDate> {
  const [own, general] = [await readTermsOf(db, seller), await readTermsOf(db, null)];
  const timeline = timelineOf(own, general);
  const span = found(spanOn(timeline, date), 'TERMS_MISSING', { seller, date });
  const period = decided(periodOf(timeline, date, await businessCalendar(db)));
  return { span, period, own };
}
