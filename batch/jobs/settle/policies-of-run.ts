/**
 * The policies of a run in a worker thread: compiled once while their content stays the same, with older ones fetched when a refund names them.
 *
 * The number of a revision does not identify its content: in a restored database, or on a replica that has lost the last commits, the next
 * policies get the numbers of the lost ones. A day was settled at 10 % instead of 20 % because a thread relied on the number.
 */

import { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { readPolicies, readPoliciesById, readPolicyContent } from '../../../core/policies/stores/fee-policy.js';
import type { RefundRow } from '../../../core/settlement/rules/decide.js';
import type { Db } from '../../../infra/database.js';

export class RunPolicies {
  private content: string | undefined;
  private compiled = new PolicyBook([]);

  /** The book of a revision; null is the latest. */
  async at(db: Db, revision: number | null): Promise<PolicyBook> {
    const content = await readPolicyContent(db, revision ?? undefined);
    if (this.content !== content) {
      this.compiled = new PolicyBook(await readPolicies(db, revision ?? undefined));
      this.content = content; // the fingerprint is older than the policies, so policies that come in between are read again
    }
    return this.compiled;
  }
}

/**
 * A view of the book in which these policies are found by id too: a supplement of an earlier date may have settled an original
 * under a policy that is younger than this run's plan.
 */
export async function withPolicies(db: Db, book: PolicyBook, ids: Iterable<number>): Promise<Pick<PolicyBook, 'byId'>> {
  const missing = new Set<number>();
  for (const id of ids) if (book.byId(id) === undefined) missing.add(id);
  if (missing.size === 0) return book;
  const more = new Map((await readPoliciesById(db, [...missing])).map((stored) => [stored.policyId, stored]));
  return { byId: (id) => book.byId(id) ?? more.get(id) };
}

/** The policies under which the originals of these refunds were settled. */
export const originalPolicyIds = (rows: readonly RefundRow[]): number[] =>
  rows.flatMap(({ original }) => (original === undefined ? [] : [original.policyId]));
