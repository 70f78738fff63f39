/** Explains one line: from the stored values, through the choice of the policy and every step, to the net, and back again. */

import { type Db, inSnapshot } from '../../infra/database.js';
import { type ErrorCode, isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { type PolicyKey, policyKey } from '../policies/rules/fee-policy.js';
import { PolicyBook, type StoredPolicy } from '../policies/rules/policy-book.js';
import { policyCandidates, type ScopeCandidates } from '../policies/rules/policy-candidates.js';
import { readPolicies } from '../policies/stores/fee-policy.js';
import { minorText, type Step } from './rules/explanation.js';
import { FIGURE_NAMES, type Figures } from './rules/figures.js';
import { explainRefund } from './rules/settle-refund.js';
import { explainSale } from './rules/settle-sale.js';
import { type RefundStory, readLineStory, type SaleStory, type StoredOutcome } from './stores/line-story.js';

/** A stored value that the replay contradicts. `expected` is the value of the replay. */
export interface ReplayDifference {
  readonly what: string;
  readonly expected: string | number;
  readonly actual: string | number;
}

/** How an entry's figures are computed, and whether the stored ones equal them. */
export interface Replay {
  /** The revision of the policy book that was used; null: the policies known now. */
  readonly policyRevision: number | null;
  /** The kinds of scope that were considered; null for a refund, which follows its sale's policy. */
  readonly scopes: readonly ScopeCandidates[] | null;
  readonly policy: PolicyKey | null;
  /** Why there are no figures. */
  readonly refusal: Refusal | null;
  readonly steps: readonly Step[];
  readonly figures: Figures | null;
  readonly differences: readonly ReplayDifference[];
}

export interface LineExplanation {
  /** False when anything stored differs from its replay. */
  readonly ok: boolean;
  readonly sale: { readonly stored: SaleStory; readonly replay: Replay };
  readonly refunds: readonly { readonly stored: RefundStory; readonly replay: Replay }[];
}

/** The basis of a refund: its sale as it was settled, or as it would be. */
interface SettledOriginal {
  readonly figures: Figures;
  readonly policy: StoredPolicy;
}

/** How formulas write an amount, in minor units of a currency. */
type CurrencyText = (minor: number, currency: string) => string;

/**
 * Explains a sale and its refunds in one consistent view; undefined when the feed has no such sale.
 * @param written how formulas write amounts; by default in minor units
 */
export async function explainLine(
  db: Db,
  orderId: string,
  lineId: string,
  written: CurrencyText = minorText,
): Promise<LineExplanation | undefined> {
  return inSnapshot(db, async (snapshot) => {
    const found = await readLineStory(snapshot, orderId, lineId);
    if (found === undefined) return undefined;
    const revision = found.sale.line?.policyRevision ?? undefined;
    const policies = await readPolicies(snapshot, revision);
    const sale = { stored: found.sale, replay: replaySale(found.sale, policies, revision ?? null, written) };
    const original = originalOf(sale.stored, sale.replay, new PolicyBook(policies));
    const refunds = found.refunds.map((stored) => ({
      stored,
      replay: replayRefund(stored, sale.stored, original, written),
    }));
    const ok = [sale, ...refunds].every(({ replay }) => replay.differences.length === 0);
    return { ok, sale, refunds };
  });
}

function replaySale(
  sale: SaleStory,
  policies: readonly StoredPolicy[],
  policyRevision: number | null,
  written: CurrencyText,
): Replay {
  const { sellerId, category, productId, currency, orderedOn } = sale;
  const scopes = policyCandidates(policies, sale);
  const chosen = new PolicyBook(policies).find(sellerId, category, productId, currency, orderedOn);
  const told =
    chosen === undefined
      ? refuse('POLICY_MISSING', { currency, orderedOn })
      : explainSale(sale, chosen.policy, (minor) => written(minor, currency));
  const differences = differencesOf(sale, told, chosen?.policyId);
  if (sale.quantity * sale.unitPrice !== sale.itemAmount) {
    differences.push({ what: 'itemAmount', expected: sale.quantity * sale.unitPrice, actual: sale.itemAmount });
  }
  if (sale.line !== null && sale.line.sellerId !== sellerId) {
    differences.push({ what: 'sellerId', expected: sellerId, actual: sale.line.sellerId });
  }
  return { policyRevision, scopes, policy: keyOf(chosen), ...toldOf(told), differences };
}

function originalOf(sale: SaleStory, replay: Replay, book: PolicyBook): SettledOriginal | Refusal {
  if (sale.line !== null) {
    const policy = book.byId(sale.line.policyId);
    return policy === undefined ? refuse('POLICY_MISSING', {}) : { figures: sale.line.figures, policy };
  }
  const policy = book.find(sale.sellerId, sale.category, sale.productId, sale.currency, sale.orderedOn);
  if (sale.exception !== null || replay.figures === null || policy === undefined) {
    return refuse('ORIGINAL_PARKED', { code: sale.exception?.code ?? replay.refusal?.refused ?? null });
  }
  return { figures: replay.figures, policy };
}

function replayRefund(
  refund: RefundStory,
  sale: SaleStory,
  original: SettledOriginal | Refusal,
  written: CurrencyText,
): Replay {
  const told = isRefusal(original)
    ? original
    : explainRefund(
        { ...original.figures, quantity: sale.quantity },
        original.policy.policy,
        refund.priorQuantity,
        refund.quantity,
        (minor) => written(minor, sale.currency),
      );
  const chosen = isRefusal(original) ? undefined : original.policy;
  const differences = differencesOf(refund, told, chosen?.policyId);
  if (refund.line !== null && refund.line.sellerId !== sale.sellerId) {
    differences.push({ what: 'sellerId', expected: sale.sellerId, actual: refund.line.sellerId });
  }
  return {
    policyRevision: sale.line?.policyRevision ?? null,
    scopes: null,
    policy: keyOf(chosen),
    ...toldOf(told),
    differences,
  };
}

const keyOf = (chosen: StoredPolicy | undefined): PolicyKey | null =>
  chosen === undefined ? null : policyKey(chosen.policy);

type Told = { readonly steps: readonly Step[]; readonly figures: Figures } | Refusal;

const toldOf = (told: Told): Pick<Replay, 'refusal' | 'steps' | 'figures'> =>
  isRefusal(told)
    ? { refusal: told, steps: [], figures: null }
    : { refusal: null, steps: told.steps, figures: told.figures };

/** Where a stored line, if there is one, contradicts its replay. */
function differencesOf({ line }: StoredOutcome, told: Told, policyId: number | undefined): ReplayDifference[] {
  if (line === null) return [];
  if (isRefusal(told)) {
    const refused: ErrorCode = told.refused;
    return [{ what: 'outcome', expected: `refused: ${refused}`, actual: 'settled' }];
  }
  const differences: ReplayDifference[] = [];
  if (policyId !== undefined && line.policyId !== policyId) {
    differences.push({ what: 'policyId', expected: policyId, actual: line.policyId });
  }
  for (const what of FIGURE_NAMES) {
    const [expected, actual] = [told.figures[what], line.figures[what]];
    if (expected !== actual) differences.push({ what, expected, actual });
  }
  return differences;
}
