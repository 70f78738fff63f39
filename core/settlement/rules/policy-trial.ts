/**
 * What a draft of fee policies would have changed. The draft is put into the policy book as applying it would, in memory; a line is touched
 * when the book with the draft chooses another policy for it than the book without.
 *
 * What a draft says about its dates lies in the future as a rule, and the lines in the past. `ALWAYS` therefore takes its policies to be in
 * force on every order date, in place of the stored ones of the same scope and currency; of several drafted for one scope, the one
 * that begins last counts. `AS_STATED` takes the draft at its word, with the ends that it records in the versions before.
 */

import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import type { SaleInput } from '../../feed/rules/entry.js';
import type { FeePolicy } from '../../policies/rules/fee-policy.js';
import {
  checkNewPolicies,
  PolicyBook,
  type PolicyFault,
  type StoredPolicy,
  scopeKey,
} from '../../policies/rules/policy-book.js';
import type { Figures } from './figures.js';
import { settleRefund } from './settle-refund.js';
import { settleSale } from './settle-sale.js';

export const TRIAL_DATES = ['ALWAYS', 'AS_STATED'] as const;
export type TrialDates = (typeof TRIAL_DATES)[number];

export interface TrialBooks {
  readonly current: PolicyBook;
  readonly withDraft: PolicyBook;
  /** Policies of the draft that are not stored yet. */
  readonly fresh: number;
  readonly reach: DraftReach;
}

/** What a draft can touch at most, by the scopes of its policies: other lines need not be looked at. */
export interface DraftReach {
  readonly currencies: readonly string[];
  /** Null: all lines in these currencies. */
  readonly scopes: DraftScopes | null;
}

/** Lines of any of the sellers, in any of the categories, or of any of the products. */
export interface DraftScopes {
  readonly sellers: readonly string[];
  readonly categories: readonly string[];
  readonly products: readonly string[];
}

const FIRST_DAY = '0001-01-01';

/** The books to compare, or the faults for which the draft cannot be applied. */
export function trialBooks(
  stored: readonly StoredPolicy[],
  draft: readonly FeePolicy[],
  dates: TrialDates,
): TrialBooks | PolicyFault[] {
  const changes = checkNewPolicies(stored, draft);
  if (Array.isArray(changes)) return changes;
  // Ids below zero: no stored policy has one.
  const fresh = changes.insert.map(
    (policy, i): StoredPolicy => ({ policyId: -1 - i, policy, endsOn: policy.effectiveTo }),
  );
  const withDraft =
    dates === 'ALWAYS'
      ? inForceAlways(stored, fresh)
      : [...stored, ...fresh].map((one) => {
          const end = changes.ends.find(
            ({ code, version }) => code === one.policy.code && version === one.policy.version,
          );
          return end === undefined ? one : { ...one, endsOn: end.endsOn };
        });
  return {
    current: new PolicyBook(stored),
    withDraft: new PolicyBook(withDraft),
    fresh: fresh.length,
    reach: reachOf(changes.insert),
  };
}

/** A policy applies only to lines of its currency that match every part of its scope, so a filter by one part finds them all. */
function reachOf(fresh: readonly FeePolicy[]): DraftReach {
  const [currencies, sellers, categories, products] = [0, 1, 2, 3].map(() => new Set<string>()) as [
    Set<string>,
    Set<string>,
    Set<string>,
    Set<string>,
  ];
  let everyLine = false;
  for (const { currency, scope } of fresh) {
    currencies.add(currency);
    if (scope.seller !== null) sellers.add(scope.seller);
    else if (scope.product !== null) products.add(scope.product);
    else if (scope.category !== null) categories.add(scope.category);
    else everyLine = true;
  }
  const scopes = { sellers: [...sellers], categories: [...categories], products: [...products] };
  return { currencies: [...currencies], scopes: everyLine ? null : scopes };
}

function inForceAlways(stored: readonly StoredPolicy[], fresh: readonly StoredPolicy[]): StoredPolicy[] {
  const chosen = new Map<string, StoredPolicy>();
  for (const one of fresh) {
    const key = scopeKey(one.policy);
    const other = chosen.get(key);
    if (other === undefined || beginsLater(one.policy, other.policy)) chosen.set(key, one);
  }
  const always = [...chosen.values()].map((one) => ({
    ...one,
    policy: { ...one.policy, effectiveFrom: FIRST_DAY },
    endsOn: null,
  }));
  return [...stored.filter(({ policy }) => !chosen.has(scopeKey(policy))), ...always];
}

const beginsLater = (a: FeePolicy, b: FeePolicy): boolean =>
  a.effectiveFrom === b.effectiveFrom ? a.version > b.version : a.effectiveFrom > b.effectiveFrom;

/** What the choice of a policy for a sale depends on, and its amounts. */
export interface TrialSale extends SaleInput {
  readonly sellerId: string;
  readonly category: string;
  readonly productId: string;
  readonly currency: string;
  readonly orderedOn: string;
}

/** What a touched line would have been. */
export interface TrialOutcome {
  /** Undefined: no policy would have been in force. */
  readonly policy: FeePolicy | undefined;
  readonly figures: Figures | Refusal;
}

const noPolicy: Refusal = { refused: 'POLICY_MISSING', details: {} };

/** What the draft would have made of a sale; undefined when it does not touch it. */
export function trySale({ current, withDraft }: TrialBooks, sale: TrialSale): TrialOutcome | undefined {
  const { sellerId, category, productId, currency, orderedOn } = sale;
  const before = current.find(sellerId, category, productId, currency, orderedOn);
  const after = withDraft.find(sellerId, category, productId, currency, orderedOn);
  if (before?.policyId === after?.policyId) return undefined;
  return after === undefined
    ? { policy: undefined, figures: noPolicy }
    : { policy: after.policy, figures: settleSale(sale, after.policy) };
}

/** The same of a refund, which follows its sale: it is touched when the sale is, and takes back what that would have been. */
export function tryRefund(
  books: TrialBooks,
  sale: TrialSale,
  priorQuantity: number,
  quantity: number,
): TrialOutcome | undefined {
  const outcome = trySale(books, sale);
  if (outcome?.policy === undefined || isRefusal(outcome.figures)) return outcome;
  const settled = { ...outcome.figures, quantity: sale.quantity };
  return { policy: outcome.policy, figures: settleRefund(settled, outcome.policy, priorQuantity, quantity) };
}
