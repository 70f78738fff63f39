/** Applies fee policies: all of them, or none with an error that names every reason. */

import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { type ErrorCode, MagamError } from '../../kernel/errors.js';
import type { JsonFault } from '../../kernel/json-faults.js';
import type { FeePolicy } from './rules/fee-policy.js';
import { checkNewPolicies, type PolicyEnd, type PolicyFault } from './rules/policy-book.js';
import type { FaultyPolicyFile } from './rules/policy-file.js';
import {
  insertPolicies,
  insertPolicyEnds,
  lockPolicyBook,
  readPolicies,
  writePolicyRevision,
} from './stores/fee-policy.js';

export interface PolicyKey {
  readonly code: string;
  readonly version: number;
}

export interface AppliedPolicies {
  readonly applied: PolicyKey[];
  /** Already stored with the same content. */
  readonly unchanged: PolicyKey[];
  /** Open versions that a version of this file ended. */
  readonly ended: PolicyEnd[];
}

/**
 * Stores the policies that are new, in one transaction and under one new revision of the policy book; applying the same again
 * changes nothing. Throws POLICY_IMMUTABLE, POLICY_OVERLAP or, when both kinds occur, POLICY_FILE_INVALID;
 * `details.faults` names all of them by `path`, `code` and `message`.
 */
export async function applyPolicies(
  db: Db,
  policies: readonly FeePolicy[],
  appliedBy: string,
): Promise<AppliedPolicies> {
  return inTransaction(db, (tx) => applyPoliciesIn(tx, policies, appliedBy));
}

/** The same in a transaction of the caller's. */
export async function applyPoliciesIn(
  tx: Tx,
  policies: readonly FeePolicy[],
  appliedBy: string,
): Promise<AppliedPolicies> {
  // The lock makes a second file wait, and keeps planning (which shares it) from seeing half a file.
  const revision = (await lockPolicyBook(tx)) + 1;
  const changes = checkNewPolicies(await readPolicies(tx), policies);
  if (Array.isArray(changes)) throw refusalOfFaults(changes);
  if (changes.insert.length > 0) {
    await insertPolicies(tx, changes.insert, revision, appliedBy.slice(0, 64));
    await insertPolicyEnds(tx, changes.ends, revision);
    await writePolicyRevision(tx, revision);
  }
  const keyOf = ({ code, version }: FeePolicy): PolicyKey => ({ code, version });
  return { applied: changes.insert.map(keyOf), unchanged: changes.unchanged.map(keyOf), ended: changes.ends };
}

/**
 * The faults between a file that has faults of its own and the stored policies: those that `applyPolicies` would find in
 * its sound policies. Changes nothing.
 */
export async function findPolicyFaults(db: Db, sound: FaultyPolicyFile['sound']): Promise<JsonFault[]> {
  const changes = checkNewPolicies(
    await readPolicies(db),
    sound.map(({ policy }) => policy),
  );
  return Array.isArray(changes)
    ? namedFaults(changes.map((fault) => ({ ...fault, index: sound[fault.index]?.index ?? fault.index })))
    : [];
}

/** POLICY_IMMUTABLE, POLICY_OVERLAP or, when both kinds occur, POLICY_FILE_INVALID, with all faults in its details. */
export function refusalOfFaults(faults: readonly PolicyFault[]): MagamError {
  const codes = new Set<ErrorCode>(faults.map((fault) => fault.code));
  const [first] = codes;
  const code = codes.size === 1 && first !== undefined ? first : 'POLICY_FILE_INVALID';
  return new MagamError(code, undefined, { faults: namedFaults(faults) });
}

const namedFaults = (faults: readonly PolicyFault[]): JsonFault[] =>
  faults.map(({ index, code, message }) => ({ path: `policies[${index}]`, code, message }));
