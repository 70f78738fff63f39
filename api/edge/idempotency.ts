/**
 * Idempotency keys: a call that creates or moves money is carried out once under its key, and everybody who sends it again
 * gets the same answer. The answer is kept in the transaction of the work, so there is never one without the other.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import {
  type ClaimOutcome,
  claimKey,
  type KeptAnswer,
  type KeyClaim,
  keepAnswer,
  releaseKey,
  renewClaim,
} from '../../infra/stores/idempotency-key.js';
import { type ErrorCode, errors, isRefusal, MagamError, type Refusal } from '../../kernel/errors.js';
import { bigintAsText, type Language, problemHeaders, problemOf } from './problem.js';
import type { Reply } from './reply.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The given key; undefined when there is none. Throws REQUEST_INVALID. */
export function readKey(header: string | undefined): string | undefined {
  if (header === undefined || KEY.test(header)) return header;
  const message = 'must be 1 to 255 printable ASCII characters without spaces';
  throw new MagamError('REQUEST_INVALID', `The Idempotency-Key ${message}.`, {
    errors: [{ in: 'header', pointer: '#/idempotency-key', message }],
  });
}

/**
 * A hash of the request, so that a key cannot be used for another one. The hash is keyed: of a body with a bank account everything but eight digits is stored elsewhere in the
 * database, and with a plain hash these digits could soon be guessed.
 */
export const requestHash = (secret: string, method: string, url: string, content: string): string =>
  createHmac('sha256', secret)
    .update(`request:${JSON.stringify([method, url, content])}`)
    .digest('hex');

/** An answer that was given before. */
export class Replayed extends Error {
  constructor(readonly answer: KeptAnswer) {
    super('the answer is known');
  }
}

/** Throws Replayed, IDEMPOTENCY_KEY_IN_FLIGHT or IDEMPOTENCY_KEY_REUSED, depending on the key. */
export function refuseByKey(outcome: Exclude<ClaimOutcome, { outcome: 'claimed' }>): never {
  if (outcome.outcome === 'answered') throw new Replayed(outcome.answer);
  throw new MagamError(outcome.outcome === 'in-flight' ? 'IDEMPOTENCY_KEY_IN_FLIGHT' : 'IDEMPOTENCY_KEY_REUSED');
}

/** Whether a refusal with this code is given again under its key. */
export function isKept(code: ErrorCode): boolean {
  const { http } = errors[code];
  return http < 500 && http !== 429 && http !== 401 && !code.startsWith('IDEMPOTENCY_KEY');
}

/** The answer that is kept for a failure; null: the call may be made again, so no answer is kept. */
export function answerOfFailure(failure: MagamError, requestId: string, language: Language): KeptAnswer | null {
  if (!isKept(failure.code)) return null;
  const { http } = errors[failure.code];
  const problem = problemOf(failure, requestId, language);
  return { status: http, headers: problemHeaders(failure, language), body: JSON.stringify(problem, bigintAsText) };
}

export const failureOfRefusal = ({ refused, details }: Refusal): MagamError =>
  new MagamError(refused, undefined, details);

/** The parts of a kept problem. */
export interface AskedIn {
  readonly requestId: string;
  readonly language: Language;
}

/** A call under a key. */
export class KeyedCall {
  private readonly claim: KeyClaim;
  private state: 'open' | 'claimed' | 'kept' = 'open';

  constructor(
    private readonly db: Db,
    identity: Omit<KeyClaim, 'owner'>,
  ) {
    this.claim = { ...identity, owner: randomUUID() };
  }

  /** Throws Replayed, IDEMPOTENCY_KEY_IN_FLIGHT or IDEMPOTENCY_KEY_REUSED unless this call has to do the work. */
  async begin(): Promise<void> {
    const claimed = await claimKey(this.db, this.claim);
    if (claimed.outcome !== 'claimed') refuseByKey(claimed);
    this.state = 'claimed';
  }

  /** Does a step before the last one, in a transaction of its own. No answer is kept; the claim lasts for what follows. */
  async step<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await inTransaction(this.db, async (tx) => {
      const done = await work(tx);
      if (!(await renewClaim(tx, this.claim))) throw new MagamError('IDEMPOTENCY_KEY_IN_FLIGHT');
      await faultPoint('call.before-step-commit');
      return done;
    });
    await faultPoint('call.step-committed');
    return result;
  }

  /** Does the work and keeps its answer, in one transaction. A refusal that is returned is an answer, too. */
  async transact<R extends Reply>(work: (tx: Tx) => Promise<R | Refusal>, asked: AskedIn): Promise<R | Refusal> {
    let kept = true;
    const outcome = await inTransaction(this.db, async (tx) => {
      const done = await work(tx);
      const answer = isRefusal(done)
        ? answerOfFailure(failureOfRefusal(done), asked.requestId, asked.language)
        : keptOf(done);
      kept = answer !== null;
      // Another call took the key over, because this one had not reported for too long; that call does the work.
      const ours = answer === null ? renewClaim(tx, this.claim) : keepAnswer(tx, this.claim, answer);
      if (!(await ours)) throw new MagamError('IDEMPOTENCY_KEY_IN_FLIGHT');
      await faultPoint('call.before-commit');
      return done;
    });
    await faultPoint('call.committed');
    if (kept) this.state = 'kept';
    return outcome;
  }

  /** Ends the call after a failure: a refusal is an answer and is kept, anything else may be tried again. */
  async fail(failure: MagamError, requestId: string, language: Language): Promise<void> {
    if (this.state !== 'claimed') return;
    const answer = answerOfFailure(failure, requestId, language);
    if (answer === null) await releaseKey(this.db, this.claim);
    else await keepAnswer(this.db, this.claim, answer);
  }
}

export const keptOf = (reply: Reply): KeptAnswer => ({
  status: reply.status,
  headers: reply.headers ?? {},
  body: reply.body === undefined ? (reply.json?.toString() ?? null) : JSON.stringify(reply.body, bigintAsText),
});
