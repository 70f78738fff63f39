/** Which policies were looked at for a line, and why one of them won: the story behind `PolicyBook.find`. */
import type { PolicyScope } from './fee-policy.js';
import type { StoredPolicy } from './policy-book.js';

/** What the choice of a policy depends on. */
export interface PolicyQuestion {
  readonly sellerId: string;
  /** Empty matches no scope with a category; so does an empty product. */
  readonly category: string;
  readonly productId: string;
  readonly currency: string;
  readonly orderedOn: string;
}

export interface PolicyCandidate {
  readonly policyId: number;
  readonly code: string;
  readonly version: number;
  readonly effectiveFrom: string;
  /** The last day in force, with a recorded end taken into account; null is open. */
  readonly inForceThrough: string | null;
  readonly inForce: boolean;
}

/** One kind of scope, from the most specific to the least, with the policies of the line's currency that have it. */
export interface ScopeCandidates {
  readonly scope: string;
  readonly candidates: readonly PolicyCandidate[];
}

type Wanted = (line: PolicyQuestion) => PolicyScope | null;

/** The kinds of scope in the order in which they are preferred; null where the line cannot have one. */
const scopeKinds: readonly (readonly [string, Wanted])[] = [
  ['seller + product', (line) => productScope(line.sellerId, line.productId)],
  ['seller + category', (line) => categoryScope(line.sellerId, line.category)],
  ['seller', (line) => ({ seller: line.sellerId, category: null, product: null })],
  ['product', (line) => productScope(null, line.productId)],
  ['category', (line) => categoryScope(null, line.category)],
  ['none', () => ({ seller: null, category: null, product: null })],
];

const productScope = (seller: string | null, product: string): PolicyScope | null =>
  product === '' ? null : { seller, category: null, product };
const categoryScope = (seller: string | null, category: string): PolicyScope | null =>
  category === '' ? null : { seller, category, product: null };

/** The candidates of all six kinds of scope. The first one in force is the policy that the line falls under. */
export function policyCandidates(policies: readonly StoredPolicy[], line: PolicyQuestion): ScopeCandidates[] {
  return scopeKinds.map(([scope, wanted]) => {
    const want = wanted(line);
    const matching = policies.filter(
      ({ policy }) => want !== null && policy.currency === line.currency && sameScope(policy.scope, want),
    );
    return { scope, candidates: matching.map((stored) => candidate(stored, line.orderedOn)) };
  });
}

const sameScope = (a: PolicyScope, b: PolicyScope): boolean =>
  a.seller === b.seller && a.category === b.category && a.product === b.product;

function candidate({ policyId, policy, endsOn }: StoredPolicy, orderedOn: string): PolicyCandidate {
  return {
    policyId,
    code: policy.code,
    version: policy.version,
    effectiveFrom: policy.effectiveFrom,
    inForceThrough: endsOn,
    inForce: policy.effectiveFrom <= orderedOn && (endsOn === null || orderedOn <= endsOn),
  };
}
