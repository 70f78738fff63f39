/** A settled line under a draft of fee policies: the figures that it would have had, and their description. */
import type { Db } from '../../infra/database.js';
import { isRefusal } from '../../kernel/errors.js';
import { type Leg, legName, SALE } from '../feed/rules/leg.js';
import type { FeePolicy } from '../policies/rules/fee-policy.js';
import { type DecidedFigures, decidedOf } from './rules/policy-effect.js';
import { type TrialBooks, type TrialOutcome, tryRefund, trySale } from './rules/policy-trial.js';
import { readLineNames, type TrialLine } from './stores/trial-page.js';

/** The line under the draft; undefined when the draft does not touch it, or when the feed no longer has its sale. */
export function tryLine(books: TrialBooks, leg: Leg, line: TrialLine): TrialOutcome | undefined {
  const { sale, priorQuantity, quantity } = line;
  if (sale === undefined) return undefined;
  return leg === SALE ? trySale(books, sale) : tryRefund(books, sale, priorQuantity, quantity);
}

interface PolicyName {
  readonly code: string;
  readonly version: number;
}

/** A touched line in full. */
export interface TouchedLine {
  readonly leg: 'sale' | 'refund';
  readonly orderId: string;
  readonly lineId: string;
  /** Null for a sale. */
  readonly refundId: string | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly orderedOn: string;
  readonly settledOn: string;
  /** As it was settled. Minor units; those of a refund are negative. */
  readonly before: { readonly policy: PolicyName | null; readonly figures: DecidedFigures };
  /** As it would have been settled; figures are null where it would have been parked, and `refusal` is the code. */
  readonly after: { readonly policy: PolicyName | null; readonly figures: DecidedFigures | null };
  readonly refusal: string | null;
}

export interface Touched {
  readonly line: TrialLine;
  readonly outcome: TrialOutcome;
}

/** Describes touched lines of one leg of a date in full, in the given order. */
export async function describeTouched(
  db: Db,
  books: TrialBooks,
  of: { readonly date: string; readonly leg: Leg },
  touched: readonly Touched[],
): Promise<TouchedLine[]> {
  const ids = touched.map(({ line }) => line.entryId);
  const names = await readLineNames(db, of.date, of.leg, ids);
  return touched.flatMap(({ line: { entryId, sellerId, sale, before }, outcome: { policy, figures } }) => {
    const name = names.get(entryId);
    if (name === undefined || sale === undefined) return [];
    const { policyId, ...keys } = name;
    const settled = books.current.byId(policyId)?.policy;
    return {
      leg: legName(of.leg),
      ...keys,
      sellerId,
      currency: sale.currency,
      orderedOn: sale.orderedOn,
      settledOn: of.date,
      before: { policy: settled === undefined ? null : nameOf(settled), figures: decidedOf(before) },
      after: {
        policy: policy === undefined ? null : nameOf(policy),
        figures: isRefusal(figures) ? null : decidedOf(figures),
      },
      refusal: isRefusal(figures) ? figures.refused : null,
    };
  });
}

const nameOf = ({ code, version }: FeePolicy): PolicyName => ({ code, version });
