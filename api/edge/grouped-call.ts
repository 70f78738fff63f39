/**
 * Calls that are carried out in groups. A key is looked up before the handler, so that a call that was answered gets its answer again before the handler reads anything that the
 * call has changed. The key is claimed, and the answer kept, in the transaction of the group.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction } from '../../infra/database.js';
import { gathered } from '../../infra/gathered.js';
import type { GroupCommit } from '../../infra/group-commit.js';
import {
  claimKeys,
  type KeyIdentity,
  type KnownKey,
  keepAnswers,
  lookUpKeys,
} from '../../infra/stores/idempotency-key.js';
import { isRefusal, type MagamError, type Refusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { type AskedIn, answerOfFailure, failureOfRefusal, keptOf, refuseByKey } from './idempotency.js';
import type { Language } from './problem.js';
import type { Reply } from './reply.js';

/** What is known of a call under a key; undefined: nothing prevents the call. */
export type LookUpKey = (identity: KeyIdentity) => Promise<KnownKey | undefined>;

/** Calls of one turn of the event loop look their keys up together. */
export const keyLookUp = (db: Db): LookUpKey => gathered((identities) => lookUpKeys(db, identities));

/** The key of a call that is carried out in a group. */
export class GroupedKey {
  private lookedUp: KeyIdentity | undefined;
  private kept = false;

  constructor(
    private readonly db: Db,
    private readonly lookUp: LookUpKey,
  ) {}

  /** Throws Replayed, IDEMPOTENCY_KEY_IN_FLIGHT or IDEMPOTENCY_KEY_REUSED unless the key is free. */
  async begin(identity: KeyIdentity): Promise<void> {
    const known = await this.lookUp(identity);
    if (known !== undefined) refuseByKey(known);
    this.lookedUp = identity;
  }

  get identity(): KeyIdentity {
    if (this.lookedUp === undefined) throw new Error('the key was not looked up');
    return this.lookedUp;
  }

  /** The call was carried out, and its answer is kept. */
  end(): void {
    this.kept = true;
  }

  /**
   * Keeps a refusal that came from outside the group's transaction. Throws Replayed or the code of the key if another call was faster.
   */
  async fail(failure: MagamError, requestId: string, language: Language): Promise<void> {
    const answer = answerOfFailure(failure, requestId, language);
    if (this.lookedUp === undefined || this.kept || answer === null) return;
    const claim = { ...this.lookedUp, owner: randomUUID() };
    const outcome = await inTransaction(this.db, async (tx) => {
      const [claimed] = await claimKeys(tx, [claim]);
      if (claimed?.outcome === 'claimed') await keepAnswers(tx, [{ claim, answer }]);
      return claimed;
    });
    if (outcome !== undefined && outcome.outcome !== 'claimed') refuseByKey(outcome);
  }
}

/** Joins the group and gives the call's reply. Throws its refusal, and Replayed or the code of the key. */
export async function joinGroup<Input, Value, R extends Reply>(
  groups: GroupCommit<Input, Value>,
  groupKey: string,
  input: Input,
  replyOf: (value: Value) => R,
  key: GroupedKey | undefined,
  { requestId, language }: AskedIn,
): Promise<R> {
  let reply: R | undefined;
  const answerOf = (outcome: Value | Refusal) => {
    if (isRefusal(outcome)) {
      return answerOfFailure(failureOfRefusal(outcome), requestId, language);
    }
    reply = replyOf(outcome);
    return keptOf(reply);
  };
  const joined = await groups.join(groupKey, { input, answerOf, ...(key === undefined ? {} : { key: key.identity }) });
  if (joined.outcome !== 'done') refuseByKey(joined);
  key?.end();
  decided(joined.value);
  return reply as R;
}
