/** The transaction of a group: claims of keys, the work, the kept answers. */
import type { Refusal } from '../kernel/errors.js';
import type { Tx } from './database.js';
import { isDeadlock, isLockConflict } from './database-errors.js';
import {
  type ClaimOutcome,
  claimKeys,
  type KeptAnswer,
  type KeyClaim,
  type KeyIdentity,
  keepAnswers,
  releaseKeys,
} from './stores/idempotency-key.js';

/** A call that is carried out in a group. */
export interface Member<Input, Value> {
  readonly input: Input;
  /** Its idempotency key. */
  readonly key?: KeyIdentity;
  /** Makes the answer that is kept under the key, within the transaction; null: none is kept, and the call may be made again. */
  readonly answerOf?: (outcome: Value | Refusal) => KeptAnswer | null;
}

/** The outcome of a member: it was carried out, or its key refuses it. */
export type MemberOutcome<Value> =
  | { readonly outcome: 'done'; readonly value: Value | Refusal }
  | Exclude<ClaimOutcome, { outcome: 'claimed' }>;

export interface Carried<Value> {
  readonly outcomes: MemberOutcome<Value>[];
  /** A claim that has its answer if and only if the transaction is committed; undefined: the transaction wrote nothing of importance. */
  readonly proof: KeyClaim | undefined;
}

/** A key is claimed by a transaction that does not end. */
export class KeysLocked extends Error {
  constructor() {
    super('a key is claimed by another transaction, which is still under way');
  }
}

/** No account has this id: it holds the proofs of groups with members without a key. */
const NOBODY = 0;
const NOTHING_ASKED = '0'.repeat(64);
const PROOF: KeptAnswer = { status: 204, headers: {}, body: null };

/** Carries out the members in the transaction. Throws KeysLocked. */
export async function carryOut<Input, Value>(
  tx: Tx,
  owner: string,
  members: readonly Member<Input, Value>[],
  work: (tx: Tx, inputs: readonly Input[]) => Promise<readonly (Value | Refusal)[]>,
): Promise<Carried<Value>> {
  const claims = members.map(({ key }) => (key === undefined ? undefined : { ...key, owner }));
  const mark = claims.includes(undefined)
    ? { accountId: NOBODY, key: `group:${owner}`, requestHash: NOTHING_ASKED, owner }
    : undefined;
  const known = await claimAll(tx, mark === undefined ? claims : [...claims, mark]);
  const ours = [...members.keys()].filter((i) => known[i] === undefined || known[i].outcome === 'claimed');
  const inputs = ours.map((i) => (members[i] as Member<Input, Value>).input);
  const values = inputs.length === 0 ? [] : await work(tx, inputs);
  if (values.length !== inputs.length) throw new Error(`${inputs.length} members have ${values.length} outcomes`);

  const outcomes = known.slice(0, members.length) as MemberOutcome<Value>[];
  const kept: { claim: KeyClaim; answer: KeptAnswer }[] = mark === undefined ? [] : [{ claim: mark, answer: PROOF }];
  const released: KeyClaim[] = [];
  for (const [at, i] of ours.entries()) {
    const value = values[at] as Value | Refusal;
    outcomes[i] = { outcome: 'done', value };
    const answer = members[i]?.answerOf?.(value) ?? null;
    const claim = claims[i];
    if (claim !== undefined && answer !== null) kept.push({ claim, answer });
    else if (claim !== undefined) released.push(claim);
  }
  await keepAnswers(tx, kept);
  await releaseKeys(tx, released);
  return { outcomes, proof: kept[0]?.claim };
}

/** Claims the keys of the members that have one. @returns the outcomes in the order of the members */
async function claimAll(
  tx: Tx,
  claims: readonly (KeyClaim | undefined)[],
): Promise<readonly (ClaimOutcome | undefined)[]> {
  const wanted = claims.filter((claim) => claim !== undefined);
  try {
    const outcomes = await claimKeys(tx, wanted);
    return claims.map((claim) => (claim === undefined ? undefined : outcomes[wanted.indexOf(claim)]));
  } catch (error) {
    if (isLockConflict(error) && !isDeadlock(error)) throw new KeysLocked();
    throw error;
  }
}

/** Runs `work`, in which a statement of the transaction waits at most this many seconds for a row lock. */
export async function waitingForLocks<T>(tx: Tx, seconds: number, work: () => Promise<T>): Promise<T> {
  await tx.raw('SET @lock_wait = @@innodb_lock_wait_timeout, SESSION innodb_lock_wait_timeout = ?', [seconds]);
  try {
    return await work();
  } finally {
    // When this fails the connection is lost, and its setting with it.
    await tx.raw('SET SESSION innodb_lock_wait_timeout = @lock_wait').catch(() => undefined);
  }
}
