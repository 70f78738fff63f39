/** Webhook endpoints as their owners see and change them. */
import { change, type Db, insertReturningId, isoTime, isTrue, select, type Tx } from '../../../infra/database.js';
import type { Encrypted } from '../../../infra/encryption.js';
import type { FeedEventType } from '../../event-feed/rules/feed-events.js';
import { type EndpointStatus, FORMER_SECRET_HOURS } from '../rules/endpoint.js';

export interface NewEndpoint {
  /** Null: the platform. */
  readonly sellerId: string | null;
  readonly createdBy: number;
  readonly url: string;
  readonly description: string;
  /** Empty: all events that the owner may see. */
  readonly types: readonly FeedEventType[];
  /** Events after this position are sent. */
  readonly after: number;
}

export interface EndpointRecord extends Omit<NewEndpoint, 'after' | 'createdBy'> {
  readonly endpointId: number;
  readonly status: EndpointStatus;
  /** Nothing is sent while its maker's account is locked. */
  readonly makerLocked: boolean;
  readonly version: number;
  readonly deliveredThrough: number;
  /** Failed attempts of the next event. */
  readonly attempts: number;
  /** ISO 8601, UTC; null: the last delivery succeeded. */
  readonly failingSince: string | null;
  readonly nextTryAt: string | null;
  readonly createdAt: string;
}

const words = (text: string): never => text.split(' ').filter(Boolean) as never;

const SELECT_ENDPOINT = `SELECT endpoint_id AS endpointId, seller_id AS sellerId, url, description, types, status, version,
  EXISTS (SELECT 1 FROM account a WHERE a.account_id = webhook_endpoint.created_by AND a.status = 'LOCKED') AS makerLocked,
  delivered_through AS deliveredThrough, attempts, failing_since AS failingSince,
  IF(failing_since IS NULL, NULL, next_try_at) AS nextTryAt, created_at AS createdAt FROM webhook_endpoint`;

const selectEndpoints = (db: Db, rest: string, params: readonly unknown[]): Promise<EndpointRecord[]> =>
  select<EndpointRecord>(db, `${SELECT_ENDPOINT} ${rest}`, params, {
    types: words,
    makerLocked: isTrue,
    failingSince: isoTime,
    nextTryAt: isoTime,
    createdAt: isoTime,
  });

/** Makes an endpoint without a secret; `storeSecret` has to follow, which needs the id. */
export const insertEndpoint = (tx: Tx, endpoint: NewEndpoint): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO webhook_endpoint (seller_id, created_by, url, description, types, status, version, secret_key_id, secret_sealed,
       delivered_through, attempts, next_try_at, created_at)
     VALUES (?, ?, ?, ?, ?, 'ACTIVE', 1, '', '', ?, 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      endpoint.sellerId,
      endpoint.createdBy,
      endpoint.url,
      endpoint.description,
      endpoint.types.join(' '),
      endpoint.after,
    ],
  );

/** Stores the secret of a new endpoint. */
export async function storeSecret(tx: Tx, endpointId: number, { keyId, sealed }: Encrypted): Promise<void> {
  const sql = 'UPDATE webhook_endpoint SET secret_key_id = ?, secret_sealed = ? WHERE endpoint_id = ?';
  await change(tx, sql, [keyId, sealed, endpointId]);
}

/** The columns of the secrets under which an endpoint's messages are signed. */
export const SECRET_COLUMNS = `secret_key_id AS keyId, secret_sealed AS sealed,
       IF(former_until > UTC_TIMESTAMP(3), former_key_id, NULL) AS formerKeyId, former_sealed AS formerSealed`;

export interface SecretRow extends Encrypted {
  readonly formerKeyId: string | null;
  readonly formerSealed: string | null;
}

/** The secret, and the previous one while it is valid. */
export const secretsOf = ({ keyId, sealed, formerKeyId, formerSealed }: SecretRow): Encrypted[] => [
  { keyId, sealed },
  ...(formerKeyId === null || formerSealed === null ? [] : [{ keyId: formerKeyId, sealed: formerSealed }]),
];

/** The secrets under which messages are signed; undefined: the endpoint is gone. */
export async function readSecrets(db: Db, endpointId: number): Promise<Encrypted[] | undefined> {
  const sql = `SELECT ${SECRET_COLUMNS} FROM webhook_endpoint WHERE endpoint_id = ?`;
  const [row] = await select<SecretRow>(db, sql, [endpointId]);
  return row && secretsOf(row);
}

/** Replaces the secret; the previous one stays valid beside it for a day. */
export async function replaceSecret(tx: Tx, endpointId: number, { keyId, sealed }: Encrypted): Promise<void> {
  await change(
    tx,
    `UPDATE webhook_endpoint SET former_key_id = secret_key_id, former_sealed = secret_sealed,
       former_until = UTC_TIMESTAMP(3) + INTERVAL ${FORMER_SECRET_HOURS} HOUR, secret_key_id = ?, secret_sealed = ?, version = version + 1
     WHERE endpoint_id = ?`,
    [keyId, sealed, endpointId],
  );
}

export const readEndpoint = async (db: Db, endpointId: number): Promise<EndpointRecord | undefined> =>
  (await selectEndpoints(db, 'WHERE endpoint_id = ?', [endpointId]))[0];

export const lockEndpoint = async (tx: Tx, endpointId: number): Promise<EndpointRecord | undefined> =>
  (await selectEndpoints(tx, 'WHERE endpoint_id = ? FOR UPDATE', [endpointId]))[0];

/** Endpoints, newest first, below `before`: of one seller, or of everybody. */
export function listEndpoints(
  db: Db,
  sellerId: string | null,
  before: number | undefined,
  limit: number,
): Promise<EndpointRecord[]> {
  const conditions = [
    ...(sellerId === null ? [] : ['seller_id = ?']),
    ...(before === undefined ? [] : ['endpoint_id < ?']),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const params = [...(sellerId === null ? [] : [sellerId]), ...(before === undefined ? [] : [before]), limit];
  return selectEndpoints(db, `${where} ORDER BY endpoint_id DESC LIMIT ?`, params);
}

/** How many endpoints the owner has. */
export async function countEndpoints(db: Db, sellerId: string | null): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM webhook_endpoint WHERE seller_id <=> ?';
  return Number((await select<{ n: number }>(db, sql, [sellerId]))[0]?.n ?? 0);
}

/** Changes an endpoint that the caller has locked. A failing event is tried again at once. */
export async function updateEndpoint(
  tx: Tx,
  endpointId: number,
  { url, description, types, status }: Pick<EndpointRecord, 'url' | 'description' | 'types' | 'status'>,
): Promise<void> {
  await change(
    tx,
    `UPDATE webhook_endpoint SET url = ?, description = ?, types = ?, status = ?, version = version + 1, attempts = 0, failing_since = NULL,
       next_try_at = UTC_TIMESTAMP(3) WHERE endpoint_id = ?`,
    [url, description, types.join(' '), status, endpointId],
  );
}

/** Deletes an endpoint with its attempts. */
export async function deleteEndpoint(tx: Tx, endpointId: number): Promise<void> {
  for (const table of ['webhook_replay', 'webhook_attempt', 'webhook_endpoint'])
    await change(tx, `DELETE FROM ${table} WHERE endpoint_id = ?`, [endpointId]);
}

/** Requests everything after a position again. The result of an event that is being sent at this moment is not recorded. */
export async function replayAfter(tx: Tx, endpointId: number, position: number): Promise<void> {
  await change(
    tx,
    `UPDATE webhook_endpoint SET delivered_through = ?, attempts = 0, failing_since = NULL, next_try_at = UTC_TIMESTAMP(3)
     WHERE endpoint_id = ?`,
    [position, endpointId],
  );
}

/** Requests one event again: it is sent once, however often it is requested before it is tried. */
export async function replayOne(tx: Tx, endpointId: number, position: number): Promise<void> {
  const sql = `INSERT INTO webhook_replay (endpoint_id, position) VALUES (?, ?) ON DUPLICATE KEY UPDATE position = position`;
  await change(tx, sql, [endpointId, position]);
}

/** The endpoints, among these, that are disabled. */
export const readDisabledEndpoints = async (db: Db, endpointIds: readonly number[]): Promise<number[]> => {
  if (endpointIds.length === 0) return [];
  const sql = `SELECT endpoint_id AS endpointId FROM webhook_endpoint WHERE endpoint_id IN (?) AND status = 'DISABLED'`;
  return (await select<{ endpointId: number }>(db, sql, [endpointIds])).map(({ endpointId }) => endpointId);
};
