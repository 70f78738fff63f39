/** Which policy a line falls under, and which policies may stand side by side: section 5 of docs/settlement-rules.md. */
import { dayBefore } from '../../../kernel/business-date.js';
import type { ErrorCode } from '../../../kernel/errors.js';
import { type FeePolicy, policiesEqual } from './fee-policy.js';

export interface StoredPolicy {
  readonly policyId: number;
  readonly policy: FeePolicy;
  /**
   * The last day in force: the earlier of `effectiveTo` and an end that a later version recorded; null is open. It may lie
   * before `effectiveFrom`: such a policy was never in force.
   */
  readonly endsOn: string | null;
}

/** The policies of one currency for one seller, or for all sellers, by how specific they are. */
interface Shelf {
  readonly byProduct: Map<string, StoredPolicy[]>;
  readonly byCategory: Map<string, StoredPolicy[]>;
  readonly plain: StoredPolicy[];
}

interface CurrencyShelves {
  readonly bySeller: Map<string, Shelf>;
  readonly anySeller: Shelf;
}

const newList = (): StoredPolicy[] => [];
const newShelf = (): Shelf => ({ byProduct: new Map(), byCategory: new Map(), plain: [] });

function getOrSet<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** The policy among those of one scope that is in force on the date; there is at most one, as overlaps are refused. */
function inForce(policies: readonly StoredPolicy[] | undefined, date: string): StoredPolicy | undefined {
  if (policies === undefined) return undefined;
  for (const stored of policies) {
    if (stored.policy.effectiveFrom <= date && (stored.endsOn === null || date <= stored.endsOn)) return stored;
  }
  return undefined;
}

/** Within one seller (or none): product before category before neither. An empty product or category matches none. */
function findOnShelf(shelf: Shelf, category: string, product: string, date: string): StoredPolicy | undefined {
  return (
    (product === '' ? undefined : inForce(shelf.byProduct.get(product), date)) ??
    (category === '' ? undefined : inForce(shelf.byCategory.get(category), date)) ??
    inForce(shelf.plain, date)
  );
}

/** Which wide fields of a sale the scopes of some policies look at; the others need not be read. */
export interface ScopeFields {
  readonly usesCategory: boolean;
  readonly usesProduct: boolean;
}

/** A frozen set of policies, compiled once so that a line costs a few map look-ups. */
export class PolicyBook implements ScopeFields {
  readonly usesCategory: boolean;
  readonly usesProduct: boolean;
  private readonly currencies = new Map<string, CurrencyShelves>();
  private readonly ids = new Map<number, StoredPolicy>();

  constructor(policies: readonly StoredPolicy[]) {
    for (const stored of policies) {
      this.ids.set(stored.policyId, stored);
      const { scope, currency } = stored.policy;
      const shelves = getOrSet(this.currencies, currency, () => ({ bySeller: new Map(), anySeller: newShelf() }));
      const shelf = scope.seller === null ? shelves.anySeller : getOrSet(shelves.bySeller, scope.seller, newShelf);
      if (scope.product !== null) getOrSet(shelf.byProduct, scope.product, newList).push(stored);
      else if (scope.category !== null) getOrSet(shelf.byCategory, scope.category, newList).push(stored);
      else shelf.plain.push(stored);
    }
    this.usesCategory = policies.some(({ policy }) => policy.scope.category !== null);
    this.usesProduct = policies.some(({ policy }) => policy.scope.product !== null);
  }

  /**
   * The most specific policy of the currency in force on the order date: seller + product, seller + category, seller,
   * product, category, none. Undefined when there is none (POLICY_MISSING).
   */
  find(
    seller: string,
    category: string,
    product: string,
    currency: string,
    orderedOn: string,
  ): StoredPolicy | undefined {
    const shelves = this.currencies.get(currency);
    if (shelves === undefined) return undefined;
    const own = shelves.bySeller.get(seller);
    return (
      (own === undefined ? undefined : findOnShelf(own, category, product, orderedOn)) ??
      findOnShelf(shelves.anySeller, category, product, orderedOn)
    );
  }

  byId(policyId: number): StoredPolicy | undefined {
    return this.ids.get(policyId);
  }
}

/** The end of an open version, recorded because a later version of its code took over. */
export interface PolicyEnd {
  readonly code: string;
  readonly version: number;
  readonly endsOn: string;
  readonly byVersion: number;
}

export interface PolicyChanges {
  /** New policies, by code and version. */
  readonly insert: FeePolicy[];
  /** Policies of the file that are stored already, word for word. */
  readonly unchanged: FeePolicy[];
  /** Of stored policies or of those in `insert`. */
  readonly ends: PolicyEnd[];
}

export interface PolicyFault {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A policy while a file is applied; `index` is its place in the file, null for one that is stored. */
interface Candidate {
  readonly policy: FeePolicy;
  readonly index: number | null;
  endsOn: string | null;
}

const versionKey = ({ code, version }: FeePolicy): string => `${code} ${version}`;
export const scopeKey = ({ scope, currency }: FeePolicy): string =>
  JSON.stringify([currency, scope.seller, scope.category, scope.product]);

function byCodeAndVersion(a: Candidate, b: Candidate): number {
  if (a.policy.code !== b.policy.code) return a.policy.code < b.policy.code ? -1 : 1;
  return a.policy.version - b.policy.version || (a.index ?? 0) - (b.index ?? 0);
}

/** Whether both were or will be in force on some day. One that ends before it begins never is. */
function overlap(a: Candidate, b: Candidate): boolean {
  const [earlier, later] = a.policy.effectiveFrom <= b.policy.effectiveFrom ? [a, b] : [b, a];
  const from = later.policy.effectiveFrom;
  return (earlier.endsOn === null || from <= earlier.endsOn) && (later.endsOn === null || from <= later.endsOn);
}

function overlapFaults(group: readonly Candidate[]): PolicyFault[] {
  const faults: PolicyFault[] = [];
  group.forEach((later, i) => {
    for (const earlier of group.slice(0, i)) {
      const [fresh, other] = later.index === null ? [earlier, later] : [later, earlier];
      if (fresh.index === null || !overlap(fresh, other)) continue;
      const { code, version } = other.policy;
      const message = `overlaps ${code} version ${version}, which has the same scope and currency`;
      faults.push({ index: fresh.index, code: 'POLICY_OVERLAP', message });
    }
  });
  return faults;
}

/**
 * What applying a file of policies to the stored ones changes, or every reason why it may not be applied.
 *
 * - A stored version is immutable: the same again is `unchanged`, anything else POLICY_IMMUTABLE.
 * - A new version ends open lower versions of its code with the same scope and currency on the day before its own
 *   `effectiveFrom`, even where that leaves them never in force.
 * - After that no two policies of one scope and currency may be in force on one day: POLICY_OVERLAP. This looks at the file
 *   as a whole, not at the order within it.
 */
export function checkNewPolicies(
  stored: readonly StoredPolicy[],
  fresh: readonly FeePolicy[],
): PolicyChanges | PolicyFault[] {
  const faults: PolicyFault[] = [];
  const changes: PolicyChanges = { insert: [], unchanged: [], ends: [] };
  const versions = new Map<string, FeePolicy>();
  const groups = new Map<string, Candidate[]>();
  const newGroup = (): Candidate[] => [];
  for (const { policy, endsOn } of stored) {
    versions.set(versionKey(policy), policy);
    getOrSet(groups, scopeKey(policy), newGroup).push({ policy, index: null, endsOn });
  }
  const candidates: Candidate[] = fresh.map((policy, index) => ({ policy, index, endsOn: policy.effectiveTo }));
  for (const candidate of candidates.sort(byCodeAndVersion)) {
    const { policy, index } = candidate;
    const known = versions.get(versionKey(policy));
    if (known !== undefined && policiesEqual(known, policy)) {
      changes.unchanged.push(policy);
    } else if (known !== undefined) {
      const message = `${policy.code} version ${policy.version} exists with other content; use a new version`;
      faults.push({ index: index ?? 0, code: 'POLICY_IMMUTABLE', message });
    } else {
      versions.set(versionKey(policy), policy);
      const group = getOrSet(groups, scopeKey(policy), newGroup);
      changes.ends.push(...succeed(group, policy));
      group.push(candidate);
      changes.insert.push(policy);
    }
  }
  // One by one: a file may overlap itself in more places than a call takes arguments.
  for (const group of groups.values()) for (const fault of overlapFaults(group)) faults.push(fault);
  return faults.length === 0 ? changes : faults.sort((a, b) => a.index - b.index);
}

/** Ends the open lower versions of the new policy's code in its group, and says which. */
function succeed(group: readonly Candidate[], { code, version, effectiveFrom }: FeePolicy): PolicyEnd[] {
  const ended = group.filter((old) => old.policy.code === code && old.policy.version < version && old.endsOn === null);
  return ended.map((old) => {
    old.endsOn = dayBefore(effectiveFrom);
    return { code, version: old.policy.version, endsOn: old.endsOn, byVersion: version };
  });
}
