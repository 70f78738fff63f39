/** Calls under an Idempotency-Key: the claim, the fence of whoever holds it, and the kept answer. */
import { isRefusal, refuse } from '../../kernel/errors.js';
import { change, type Db, fromJson, isTrue, orRefusal, type Reading, select, type Tx } from '../database.js';

/** How long a call may take before another may carry it out in its place; the fence keeps the late one from committing. */
const LEASE_SECONDS = 60;

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; null: no body. */
  readonly body: string | null;
}

export interface KeyClaim {
  readonly accountId: number;
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly requestHash: string;
  /** Random; the fence. */
  readonly owner: string;
}

export type ClaimOutcome =
  | { readonly outcome: 'claimed' }
  | { readonly outcome: 'in-flight' }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'answered'; readonly answer: KeptAnswer };

interface KeyRow {
  readonly requestHash: string;
  readonly status: 'IN_FLIGHT' | 'DONE';
  readonly owner: string;
  readonly leaseExpired: boolean;
  readonly answerStatus: number;
  readonly answerHeaders: KeptAnswer['headers'] | null;
  readonly answerBody: string | null;
}

const reading: Reading<KeyRow> = { leaseExpired: isTrue, answerHeaders: fromJson };

/** Claims the key: one of several callers gets `claimed`. A claim whose holder died can be had after its lease. */
export async function claimKey(db: Db, claim: KeyClaim): Promise<ClaimOutcome> {
  const { accountId, key, requestHash, owner } = claim;
  const inserted = change(
    db,
    `INSERT INTO idempotency_key (account_id, idempotency_key, request_hash, status, owner, lease_until, created_at)
     VALUES (?, ?, ?, 'IN_FLIGHT', ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, UTC_TIMESTAMP(3))`,
    [accountId, key, requestHash, owner],
  );
  if (!isRefusal(await orRefusal(inserted, refuse('IDEMPOTENCY_KEY_IN_FLIGHT')))) return { outcome: 'claimed' };
  const [row] = await select(
    db,
    `SELECT request_hash AS requestHash, status, owner, lease_until < UTC_TIMESTAMP(3) AS leaseExpired, answer_status AS answerStatus,
       answer_headers AS answerHeaders, answer_body AS answerBody
     FROM idempotency_key WHERE account_id = ? AND idempotency_key = ?`,
    [accountId, key],
    reading,
  );
  if (row === undefined) return { outcome: 'in-flight' }; // just given up by its holder: the caller asks again
  if (row.requestHash !== requestHash) return { outcome: 'reused' };
  if (row.status === 'DONE') {
    const { answerStatus: status, answerHeaders: headers, answerBody: body } = row;
    return { outcome: 'answered', answer: { status, headers: headers ?? {}, body } };
  }
  if (!row.leaseExpired) return { outcome: 'in-flight' };
  const taken = await change(
    db,
    `UPDATE idempotency_key SET owner = ?, lease_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND
     WHERE account_id = ? AND idempotency_key = ? AND status = 'IN_FLIGHT' AND owner = ? AND lease_until < UTC_TIMESTAMP(3)`,
    [owner, accountId, key, row.owner],
  );
  return { outcome: taken === 1 ? 'claimed' : 'in-flight' };
}

/** Keeps the answer, in the transaction of the work. @returns false when the key is no longer this owner's: roll back */
export async function keepAnswer(db: Db | Tx, claim: KeyClaim, answer: KeptAnswer): Promise<boolean> {
  const kept = await change(
    db,
    `UPDATE idempotency_key SET status = 'DONE', answer_status = ?, answer_headers = ?, answer_body = ?
     WHERE account_id = ? AND idempotency_key = ? AND owner = ? AND status = 'IN_FLIGHT'`,
    [answer.status, JSON.stringify(answer.headers), answer.body, claim.accountId, claim.key, claim.owner],
  );
  return kept === 1;
}

/** Gives the key up, so that the call can be made again: it failed for a reason that may pass. */
export async function releaseKey(db: Db, { accountId, key, owner }: KeyClaim): Promise<void> {
  await change(
    db,
    `DELETE FROM idempotency_key WHERE account_id = ? AND idempotency_key = ? AND owner = ? AND status = 'IN_FLIGHT'`,
    [accountId, key, owner],
  );
}

/** Forgets some of the keys that are older than this many hours. @returns how many */
export async function purgeKeys(db: Db, hours: number, rowsMax: number): Promise<number> {
  return change(
    db,
    'DELETE FROM idempotency_key WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ? HOUR ORDER BY created_at LIMIT ?',
    [hours, rowsMax],
  );
}
