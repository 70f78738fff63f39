/** Invitations of staff and sellers. The clock is the database's. */
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  isTrue,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { Role } from '../../../kernel/access.js';

export const INVITATION_STATUSES = ['OPEN', 'ACCEPTED', 'WITHDRAWN'] as const;
type InvitationStatus = (typeof INVITATION_STATUSES)[number];

export interface Invitation {
  readonly invitationId: number;
  /** Normalised. */
  readonly email: string;
  readonly displayName: string;
  readonly phone: string | null;
  readonly role: Exclude<Role, 'buyer'>;
  readonly sellerId: string | null;
  readonly status: InvitationStatus;
  /** Its time is over. */
  readonly expired: boolean;
  /** An account's id. */
  readonly invitedBy: number;
  /** The account that has accepted. */
  readonly accountId: number | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string;
}

export type NewInvitation = Pick<Invitation, 'email' | 'displayName' | 'phone' | 'role' | 'sellerId' | 'invitedBy'> & {
  readonly hours: number;
};

const SELECT_INVITATION = `SELECT invitation_id AS invitationId, email, display_name AS displayName, phone, role, seller_id AS sellerId, status,
  expires_at <= UTC_TIMESTAMP(3) AS expired, invited_by AS invitedBy, account_id AS accountId, created_at AS createdAt, expires_at AS expiresAt
  FROM account_invitation`;

const reading: Reading<Invitation> = { expired: isTrue, createdAt: isoTime, expiresAt: isoTime };

export async function insertInvitation(tx: Tx, made: NewInvitation): Promise<number> {
  return insertReturningId(
    tx,
    `INSERT INTO account_invitation (email, display_name, phone, role, seller_id, status, invited_by, created_at, expires_at, updated_at)
     VALUES (?, ?, ?, ?, ?, 'OPEN', ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? HOUR, UTC_TIMESTAMP(3))`,
    [made.email, made.displayName, made.phone, made.role, made.sellerId, made.invitedBy, made.hours],
  );
}

export async function readInvitation(db: Db, invitationId: number): Promise<Invitation | undefined> {
  return (await select(db, `${SELECT_INVITATION} WHERE invitation_id = ?`, [invitationId], reading))[0];
}

export async function lockInvitation(tx: Tx, invitationId: number): Promise<Invitation | undefined> {
  return (await select(tx, `${SELECT_INVITATION} WHERE invitation_id = ? FOR UPDATE`, [invitationId], reading))[0];
}

/** Ends an open invitation that the caller has locked. */
export async function endInvitation(
  tx: Tx,
  invitationId: number,
  status: Exclude<InvitationStatus, 'OPEN'>,
  accountId: number | null = null,
): Promise<void> {
  await change(
    tx,
    `UPDATE account_invitation SET status = ?, account_id = ?, updated_at = UTC_TIMESTAMP(3) WHERE invitation_id = ? AND status = 'OPEN'`,
    [status, accountId, invitationId],
  );
}

/** The roles to which an address is invited. */
export async function openRolesOf(db: Db, email: string): Promise<Invitation['role'][]> {
  const sql = `SELECT role FROM account_invitation WHERE email = ? AND status = 'OPEN' AND expires_at > UTC_TIMESTAMP(3)`;
  return (await select<Pick<Invitation, 'role'>>(db, sql, [email])).map(({ role }) => role);
}

/** Withdraws the other open invitations of an address. */
export async function withdrawInvitationsOf(tx: Tx, email: string): Promise<void> {
  await change(
    tx,
    `UPDATE account_invitation SET status = 'WITHDRAWN', updated_at = UTC_TIMESTAMP(3) WHERE email = ? AND status = 'OPEN'`,
    [email],
  );
}

/** Invitations newest first, read by key. */
export async function listInvitations(db: Db, before: number | undefined, limit: number): Promise<Invitation[]> {
  const where = before === undefined ? '' : 'WHERE invitation_id < ?';
  const params = before === undefined ? [limit] : [before, limit];
  return select(db, `${SELECT_INVITATION} ${where} ORDER BY invitation_id DESC LIMIT ?`, params, reading);
}
