/** Calls under an Idempotency-Key: the claim, the fence of its holder, and the kept answer. */
import { isRefusal, refuse } from '../../kernel/errors.js';
import { change, type Db, fromJson, isTrue, orRefusal, type Reading, select, type Tx } from '../database.js';

/** How long a call may take before another may carry it out instead; the fence keeps the late one from committing. */
const LEASE_SECONDS = 60;
/** The same after a step: two calls to the outside, each of 30 s and 10 s in a queue, fit in it. */
const STEP_LEASE_SECONDS = 90;

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; null: no body. */
  readonly body: string | null;
}

/** The identity of a call under a key. */
export interface KeyIdentity {
  readonly accountId: number;
  readonly key: string;
  /** Keyed hash of the request. */
  readonly requestHash: string;
  /** The same under former keys, under which it may be stored. */
  readonly formerHashes?: readonly string[];
}

export interface KeyClaim extends KeyIdentity {
  /** Random; the fence. */
  readonly owner: string;
}

export type ClaimOutcome =
  | { readonly outcome: 'claimed' }
  | { readonly outcome: 'in-flight' }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'answered'; readonly answer: KeptAnswer };

export type KnownKey = Exclude<ClaimOutcome, { outcome: 'claimed' }>;

interface KeyRow {
  readonly accountId: number;
  readonly key: string;
  readonly requestHash: string;
  readonly status: 'IN_FLIGHT' | 'DONE';
  readonly owner: string;
  readonly leaseExpired: boolean;
  readonly answerStatus: number;
  readonly answerHeaders: KeptAnswer['headers'] | null;
  readonly answerBody: string | null;
}

const reading: Reading<KeyRow> = { leaseExpired: isTrue, answerHeaders: fromJson };
const SELECT_KEY = `SELECT account_id AS accountId, idempotency_key AS \`key\`, request_hash AS requestHash, status, owner,
    lease_until < UTC_TIMESTAMP(3) AS leaseExpired, answer_status AS answerStatus, answer_headers AS answerHeaders, answer_body AS answerBody
  FROM idempotency_key FORCE INDEX (PRIMARY)`;

/** Claims the key: one of several callers gets `claimed`. The claim of a holder that died can be taken over after its lease. */
export async function claimKey(db: Db, claim: KeyClaim): Promise<ClaimOutcome> {
  const { accountId, key, requestHash, owner } = claim;
  const inserted = change(
    db,
    `INSERT INTO idempotency_key (account_id, idempotency_key, request_hash, status, owner, lease_until, created_at)
     VALUES (?, ?, ?, 'IN_FLIGHT', ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, UTC_TIMESTAMP(3))`,
    [accountId, key, requestHash, owner],
  );
  if (!isRefusal(await orRefusal(inserted, refuse('IDEMPOTENCY_KEY_IN_FLIGHT')))) return { outcome: 'claimed' };
  const row = (await readKeys(db, [claim])).get(nameOf(claim));
  if (row === undefined) return { outcome: 'in-flight' }; // its holder has just given it up, so the caller asks again
  const known = knownOf(row, claim);
  if (known !== undefined) return known;
  const taken = await change(
    db,
    `UPDATE idempotency_key SET owner = ?, lease_until = UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND
     WHERE account_id = ? AND idempotency_key = ? AND status = 'IN_FLIGHT' AND owner = ? AND lease_until < UTC_TIMESTAMP(3)`,
    [owner, accountId, key, row.owner],
  );
  return { outcome: taken === 1 ? 'claimed' : 'in-flight' };
}

/** The rows of these keys by `nameOf`. */
async function readKeys(db: Db, keys: readonly KeyName[]): Promise<Map<string, KeyRow>> {
  const rows = await select(db, `${SELECT_KEY} WHERE ${anyOf(keys)}`, keys.flatMap(primaryKey), reading);
  return new Map(rows.map((row) => [nameOf(row), row]));
}

/** Why the call cannot be carried out; undefined: it can, because the lease of the claim has ended. */
function knownOf(row: KeyRow, { requestHash, formerHashes = [] }: KeyIdentity): KnownKey | undefined {
  if (row.requestHash !== requestHash && !formerHashes.includes(row.requestHash)) return { outcome: 'reused' };
  if (row.status === 'DONE') {
    const { answerStatus: status, answerHeaders: headers, answerBody: body } = row;
    return { outcome: 'answered', answer: { status, headers: headers ?? {}, body } };
  }
  return row.leaseExpired ? undefined : { outcome: 'in-flight' };
}

/** Why each call cannot be carried out, without a claim, in their order; undefined: it can. */
export async function lookUpKeys(db: Db, identities: readonly KeyIdentity[]): Promise<(KnownKey | undefined)[]> {
  const rows = await readKeys(db, identities);
  return identities.map((identity) => {
    const row = rows.get(nameOf(identity));
    return row === undefined ? undefined : knownOf(row, identity);
  });
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

/** Renews the claim of a call of several steps, in the transaction of a step. @returns false when the key is no longer this owner's: roll back */
export async function renewClaim(tx: Tx, { accountId, key, owner }: KeyClaim): Promise<boolean> {
  const renewed = await change(
    tx,
    `UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) + INTERVAL ${STEP_LEASE_SECONDS} SECOND
     WHERE account_id = ? AND idempotency_key = ? AND owner = ? AND status = 'IN_FLIGHT'`,
    [accountId, key, owner],
  );
  return renewed === 1;
}

/** Releases the key, so that the call can be made again, because it failed for a reason that may pass. */
export async function releaseKey(db: Db, { accountId, key, owner }: KeyClaim): Promise<void> {
  await change(
    db,
    `DELETE FROM idempotency_key WHERE account_id = ? AND idempotency_key = ? AND owner = ? AND status = 'IN_FLIGHT'`,
    [accountId, key, owner],
  );
}

/**
 * Claims many keys in the transaction of the work, with an outcome for each in their order. A claim is a locked row until the commit: another call with
 * the same key waits for that, and then finds the answer or a free key. Of two claims of one key the first counts. Rows are taken in the
 * order of the keys, so that two groups with the same keys do not lock each other out.
 */
export async function claimKeys(tx: Tx, claims: readonly KeyClaim[]): Promise<ClaimOutcome[]> {
  const firsts = new Map<string, KeyClaim>();
  for (const claim of claims) if (!firsts.has(nameOf(claim))) firsts.set(nameOf(claim), claim);
  const wanted = [...firsts.values()].sort(inOrderOfKeys);
  const row = `(?, ?, ?, 'IN_FLIGHT', ?, UTC_TIMESTAMP(3) + INTERVAL ${LEASE_SECONDS} SECOND, UTC_TIMESTAMP(3))`;
  // The hashes under former keys of all claims; the code below compares to which row each belongs.
  const formerHashes = wanted.flatMap((claim) => claim.formerHashes ?? []);
  const sameHash =
    formerHashes.length === 0
      ? 'request_hash = VALUES(request_hash)'
      : '(request_hash = VALUES(request_hash) OR request_hash IN (?))';
  // owner comes first, because it reads the old lease.
  await change(
    tx,
    `INSERT INTO idempotency_key (account_id, idempotency_key, request_hash, status, owner, lease_until, created_at)
     VALUES ${wanted.map(() => row).join(', ')}
     ON DUPLICATE KEY UPDATE
       owner = IF(status = 'IN_FLIGHT' AND ${sameHash} AND lease_until < UTC_TIMESTAMP(3), VALUES(owner), owner),
       lease_until = IF(owner = VALUES(owner), VALUES(lease_until), lease_until)`,
    [
      ...wanted.flatMap(({ accountId, key, requestHash, owner }) => [accountId, key, requestHash, owner]),
      ...(formerHashes.length === 0 ? [] : [formerHashes]),
    ],
  );
  const rows = await readKeys(tx, wanted);
  return claims.map((claim) => {
    const known = rows.get(nameOf(claim));
    if (known === undefined) throw new Error('a key that was claimed has gone');
    const ours = firsts.get(nameOf(claim)) === claim && known.owner === claim.owner && known.status === 'IN_FLIGHT';
    return ours ? { outcome: 'claimed' } : (knownOf(known, claim) ?? { outcome: 'in-flight' });
  });
}

/** Keeps the answers of claims, in the transaction of the work. Throws where a key is no longer its owner's: the transaction has to be rolled back. */
export async function keepAnswers(
  tx: Tx,
  kept: readonly { readonly claim: KeyClaim; readonly answer: KeptAnswer }[],
): Promise<void> {
  if (kept.length === 0) return;
  const ours = `owner = VALUES(owner) AND status = 'IN_FLIGHT'`;
  const columns = ['answer_status', 'answer_headers', 'answer_body', 'status']; // status comes last, because the others read the old one
  const changed = await change(
    tx,
    `INSERT INTO idempotency_key (account_id, idempotency_key, request_hash, owner, answer_status, answer_headers, answer_body, status, lease_until, created_at)
     VALUES ${kept.map(() => `(?, ?, ?, ?, ?, ?, ?, 'DONE', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`).join(', ')}
     ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = IF(${ours}, VALUES(${column}), ${column})`).join(', ')}`,
    kept.flatMap(({ claim, answer }) => [
      ...primaryKey(claim),
      claim.requestHash,
      claim.owner,
      answer.status,
      JSON.stringify(answer.headers),
      answer.body,
    ]),
  );
  // A row that was changed counts twice, one that was inserted or left as it is once.
  if (changed !== 2 * kept.length) throw new Error('a key was taken over within the transaction that had claimed it');
}

/** Releases keys, as `releaseKey` does. */
export async function releaseKeys(tx: Tx, claims: readonly KeyClaim[]): Promise<void> {
  if (claims.length === 0) return;
  const sql = `DELETE FROM idempotency_key WHERE status = 'IN_FLIGHT' AND owner IN (?) AND (${anyOf(claims)})`;
  await change(tx, sql, [claims.map(({ owner }) => owner), ...claims.flatMap(primaryKey)]);
}

/** Whether the transaction that kept an answer for this claim is committed. Waits for it while it is under way. */
export async function isKept(db: Db, claim: KeyClaim): Promise<boolean> {
  const [row] = await select<{ owner: string; status: string }>(
    db,
    `SELECT owner, status FROM idempotency_key WHERE ${anyOf([claim])} LOCK IN SHARE MODE`,
    primaryKey(claim),
  );
  return row?.owner === claim.owner && row.status === 'DONE';
}

type KeyName = Pick<KeyIdentity, 'accountId' | 'key'>;
const nameOf = ({ accountId, key }: KeyName): string => `${accountId} ${key}`;
const primaryKey = ({ accountId, key }: KeyName): [number, string] => [accountId, key];
const anyOf = (keys: readonly KeyName[]): string =>
  keys.map(() => '(account_id = ? AND idempotency_key = ?)').join(' OR ');
const inOrderOfKeys = (a: KeyName, b: KeyName): number =>
  a.accountId - b.accountId || Number(a.key > b.key) - Number(a.key < b.key);

/** Deletes some of the keys that are older than this many hours. @returns how many */
export async function purgeKeys(db: Db, hours: number, rowsMax: number): Promise<number> {
  return change(
    db,
    'DELETE FROM idempotency_key WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ? HOUR ORDER BY created_at LIMIT ?',
    [hours, rowsMax],
  );
}
