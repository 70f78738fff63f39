/** Accounts. Only the database can tell that an address is taken. */

import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  isTrue,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { Role } from '../../../kernel/access.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { AccountStatus } from '../rules/account.js';

export interface Account {
  readonly accountId: number;
  /** Normalised. */
  readonly email: string;
  readonly passwordHash: string;
  /** The password was given by somebody else: the first sign-in has to change it. */
  readonly passwordOneTime: boolean;
  /** A one-time password that has expired. */
  readonly passwordExpired: boolean;
  /** The owner has proven that they receive mail at the address. */
  readonly emailProven: boolean;
  /** A second factor is set up, and every sign-in needs it. */
  readonly secondFactor: boolean;
  /** The member of the staff who last gave the account its role or a password, and so may have used it; null: nobody. */
  readonly accessGivenBy: number | null;
  readonly displayName: string;
  readonly phone: string | null;
  readonly role: Role;
  readonly sellerId: string | null;
  readonly status: AccountStatus;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'displayName' | 'role'> &
  Partial<Pick<Account, 'phone' | 'sellerId' | 'emailProven' | 'accessGivenBy'>>;

const SELECT_ACCOUNT = `SELECT account_id AS accountId, email, password_hash AS passwordHash, password_one_time AS passwordOneTime,
  password_one_time = 1 AND password_expires_at <= UTC_TIMESTAMP(3) AS passwordExpired, email_proven_at IS NOT NULL AS emailProven,
  second_factor AS secondFactor, access_given_by AS accessGivenBy, display_name AS displayName, phone, role, seller_id AS sellerId, status, version, created_at AS createdAt, updated_at AS updatedAt
  FROM account`;

const reading: Reading<Account> = {
  passwordOneTime: isTrue,
  passwordExpired: isTrue,
  emailProven: isTrue,
  secondFactor: isTrue,
  createdAt: isoTime,
  updatedAt: isoTime,
};

const selectAccounts = (db: Db, which: string, params: readonly unknown[]): Promise<Account[]> =>
  select(db, `${SELECT_ACCOUNT} ${which}`, params, reading);

export async function readAccount(db: Db, accountId: number): Promise<Account | undefined> {
  return (await selectAccounts(db, 'WHERE account_id = ?', [accountId]))[0];
}

/** Reads an account and keeps others from changing it, or from signing in to it, until the commit. */
export async function lockAccount(tx: Tx, accountId: number): Promise<Account | undefined> {
  return (await selectAccounts(tx, 'WHERE account_id = ? FOR UPDATE', [accountId]))[0];
}

/** @param email normalised */
export async function readAccountByEmail(db: Db, email: string): Promise<Account | undefined> {
  return (await selectAccounts(db, 'WHERE email = ?', [email]))[0];
}

/** The same, and keeps others from changing it until the commit. @param email normalised */
export async function lockAccountByEmail(tx: Tx, email: string): Promise<Account | undefined> {
  return (await selectAccounts(tx, 'WHERE email = ? FOR UPDATE', [email]))[0];
}

/** The accounts that act for a seller and may sign in. */
export const listSellerAccounts = (db: Db, sellerId: string): Promise<Account[]> =>
  selectAccounts(db, `FORCE INDEX (account_seller) WHERE seller_id = ? AND status = 'ACTIVE' ORDER BY email`, [
    sellerId,
  ]);

/** The admins who may sign in. */
export const listAdmins = (db: Db): Promise<Account[]> =>
  selectAccounts(db, `WHERE role = 'admin' AND status = 'ACTIVE' ORDER BY email`, []);

/** @returns the new account's id, or EMAIL_TAKEN */
export async function insertAccount(tx: Db, made: NewAccount): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    `INSERT INTO account (email, email_proven_at, password_hash, display_name, phone, role, seller_id, access_given_by, status, created_at, updated_at)
     VALUES (?, IF(?, UTC_TIMESTAMP(3), NULL), ?, ?, ?, ?, ?, ?, 'ACTIVE', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      made.email,
      made.emailProven === true ? 1 : 0,
      made.passwordHash,
      made.displayName,
      made.phone ?? null,
      made.role,
      made.sellerId ?? null,
      made.accessGivenBy ?? null,
    ],
  );
  return orRefusal(inserted, refuse('EMAIL_TAKEN'));
}

/** What may be changed of an account; the caller holds its lock. The version goes up, the password's hash aside. */
export type AccountChange = {
  readonly [Field in keyof typeof COLUMNS]?: Account[Field] | undefined;
};

const COLUMNS = {
  displayName: 'display_name',
  phone: 'phone',
  role: 'role',
  sellerId: 'seller_id',
  status: 'status',
  passwordHash: 'password_hash',
  passwordOneTime: 'password_one_time',
  secondFactor: 'second_factor',
  accessGivenBy: 'access_given_by',
} as const satisfies Partial<Record<keyof Account, string>>;

/** Changes a locked account and gives it the next version. */
export async function updateAccount(tx: Tx, accountId: number, changed: AccountChange): Promise<void> {
  const fields = (Object.keys(COLUMNS) as (keyof AccountChange)[]).filter((field) => changed[field] !== undefined);
  const columns = fields.map((field) => `${COLUMNS[field]} = ?, `).join('');
  await change(
    tx,
    `UPDATE account SET ${columns}version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE account_id = ?`,
    [...fields.map((field) => changed[field]), accountId],
  );
}

/** Marks the address of a locked account as proven. */
export async function proveEmail(tx: Tx, accountId: number): Promise<void> {
  await change(
    tx,
    `UPDATE account SET email_proven_at = UTC_TIMESTAMP(3), version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE account_id = ? AND email_proven_at IS NULL`,
    [accountId],
  );
}

/** Gives a locked account a password for one sign-in within this many hours. */
export async function giveOneTimePassword(
  tx: Tx,
  accountId: number,
  { passwordHash, hours, givenBy }: { readonly passwordHash: string; readonly hours: number; readonly givenBy: number },
): Promise<void> {
  await updateAccount(tx, accountId, { passwordHash, passwordOneTime: true, accessGivenBy: givenBy });
  await change(tx, 'UPDATE account SET password_expires_at = UTC_TIMESTAMP(3) + INTERVAL ? HOUR WHERE account_id = ?', [
    hours,
    accountId,
  ]);
}

/** Stores a new hash of the same password; changes nothing if the password was changed meanwhile. */
export async function replacePasswordHash(db: Db, accountId: number, former: string, renewed: string): Promise<void> {
  await change(db, 'UPDATE account SET password_hash = ? WHERE account_id = ? AND password_hash = ?', [
    renewed,
    accountId,
    former,
  ]);
}

/**
 * The ids of the admins who can sign in, locked: two admins who demote each other wait for one another here, so that the last
 * one stays. First lock of its transaction.
 */
export async function lockActiveAdmins(tx: Tx): Promise<number[]> {
  const rows = await select<Pick<Account, 'accountId'>>(
    tx,
    `SELECT account_id AS accountId FROM account WHERE role = 'admin' AND status = 'ACTIVE' ORDER BY email FOR UPDATE`,
  );
  return rows.map(({ accountId }) => accountId);
}

export interface AccountFilter {
  /** Beginning of the address, folded as addresses are. */
  readonly emailPrefix?: string | undefined;
  readonly role?: Role | undefined;
  readonly status?: AccountStatus | undefined;
  /** The address of the last row of the previous page. */
  readonly after?: string | undefined;
}

/** Accounts by address, read by key: every filter has an index that ends in the address. */
export async function listAccounts(db: Db, filter: AccountFilter, limit: number): Promise<Account[]> {
  const where: string[] = [];
  const params: unknown[] = [];
  const add = (sql: string, ...values: unknown[]): void => {
    where.push(sql);
    params.push(...values);
  };
  if (filter.role !== undefined) add('role = ?', filter.role);
  if (filter.status !== undefined) add('status = ?', filter.status);
  // A range instead of LIKE, so that no character of an address is a wildcard. U+10FFFF sorts behind every other character.
  if (filter.emailPrefix !== undefined)
    add('email >= ? AND email < ?', filter.emailPrefix, `${filter.emailPrefix}\u{10ffff}`);
  if (filter.after !== undefined) add('email > ?', filter.after);
  const which = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  return selectAccounts(db, `${which} ORDER BY email LIMIT ?`, [...params, limit]);
}
