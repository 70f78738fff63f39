/** Which versions of terms may follow each other, and which are in force for a seller on which days. */
import { addDays, dayBefore } from '../../../kernel/business-date.js';
import type { ErrorCode } from '../../../kernel/errors.js';
import { type SellerTerms, termsEqual } from './seller-terms.js';

export interface TermsFault {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface TermsChanges {
  readonly insert: SellerTerms[];
  /** Stored already, word for word. */
  readonly unchanged: SellerTerms[];
}

/**
 * What applying a file changes, or every reason why it cannot be applied: TERMS_IMMUTABLE, TERMS_OUT_OF_ORDER. The versions of a seller follow each other:
 * a new one has a higher number and a later first day than all before it. @param stored in any order
 */
export function checkNewTerms(
  stored: readonly SellerTerms[],
  file: readonly SellerTerms[],
): TermsChanges | TermsFault[] {
  const known = new Map<string | null, SellerTerms[]>();
  const versionsOf = (seller: string | null): SellerTerms[] => {
    const versions = known.get(seller) ?? [];
    known.set(seller, versions);
    return versions;
  };
  for (const terms of stored) versionsOf(terms.seller).push(terms);
  const changes: TermsChanges = { insert: [], unchanged: [] };
  const faults: TermsFault[] = [];
  const ordered = file.map((terms, index) => ({ terms, index })).sort((a, b) => a.terms.version - b.terms.version);
  for (const { terms, index } of ordered) {
    const versions = versionsOf(terms.seller);
    const same = versions.find(({ version }) => version === terms.version);
    const later = versions.find((it) => it.version > terms.version || it.effectiveFrom >= terms.effectiveFrom);
    if (same !== undefined) {
      if (termsEqual(same, terms)) changes.unchanged.push(terms);
      else
        faults.push({
          index,
          code: 'TERMS_IMMUTABLE',
          message: `version ${terms.version} of ${whose(terms)} is stored with other content`,
        });
    } else if (later !== undefined) {
      faults.push({
        index,
        code: 'TERMS_OUT_OF_ORDER',
        message: `version ${later.version} of ${whose(terms)} begins on ${later.effectiveFrom}; a new version needs a higher number and a later first day`,
      });
    } else {
      versions.push(terms);
      changes.insert.push(terms);
    }
  }
  return faults.length === 0 ? changes : faults.sort((a, b) => a.index - b.index);
}

/** As messages and lists say it. */
export const whose = ({ seller }: Pick<SellerTerms, 'seller'>): string => (seller === null ? 'all sellers' : seller);

/** Days without a gap on which one version is in force. */
export interface TermsSpan<T extends SellerTerms = SellerTerms> {
  readonly from: string;
  /** The last day; null: no end is known. */
  readonly to: string | null;
  readonly terms: T;
}

/** The days of each version: to its own last day, or to the day before the next begins. */
function spansOf<T extends SellerTerms>(versions: readonly T[]): TermsSpan<T>[] {
  const ordered = [...versions].sort((a, b) => a.version - b.version);
  return ordered.map((terms, i) => {
    const next = ordered[i + 1];
    const { effectiveFrom: from, effectiveTo } = terms;
    const end = next === undefined ? null : dayBefore(next.effectiveFrom);
    return { from, to: end === null || (effectiveTo !== null && effectiveTo < end) ? effectiveTo : end, terms };
  });
}

/** The parts of a span that no other span covers. @param others in the order of their days, none overlapping another */
function uncovered<T extends SellerTerms>(span: TermsSpan<T>, others: readonly TermsSpan<T>[]): TermsSpan<T>[] {
  const parts: TermsSpan<T>[] = [];
  let from = span.from;
  for (const other of others) {
    if (other.to !== null && other.to < from) continue;
    if (span.to !== null && other.from > span.to) break;
    if (other.from > from) parts.push({ from, to: dayBefore(other.from), terms: span.terms });
    if (other.to === null) return parts;
    from = addDays(other.to, 1);
  }
  if (span.to === null || from <= span.to) parts.push({ from, to: span.to, terms: span.terms });
  return parts;
}

/**
 * Which version is in force for a seller on which days, by day: its own where it has any, else that of all sellers. Where neither is, there is a gap.
 * @param own versions of the seller @param general versions of all sellers
 */
export function timelineOf<T extends SellerTerms>(own: readonly T[], general: readonly T[]): TermsSpan<T>[] {
  const spans = spansOf(own);
  const rest = spansOf(general).flatMap((span) => uncovered(span, spans));
  return [...spans, ...rest].sort((a, b) => (a.from < b.from ? -1 : 1));
}
