/** Every list and every look-up of accounts reads along a key: no scan of the table, no sorting. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  listAccounts,
  listSellerAccounts,
  lockActiveAdmins,
  readAccountByEmail,
} from '../../../../core/accounts/stores/account.js';
import {
  endSessions,
  listLiveSessions,
  lockRefreshToken,
  purgeRefreshTokens,
  purgeSessions,
  readSessionStates,
} from '../../../../core/accounts/stores/account-session.js';
import { listSellers } from '../../../../core/accounts/stores/seller.js';
import { listSignIns, purgeSignIns } from '../../../../core/accounts/stores/sign-in.js';
import { type Db, inTransaction } from '../../../../infra/database.js';
import { countHit, purgeRateWindows } from '../../../../infra/stores/rate-window.js';
import { makeAccount } from '../../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { insertMany, plansOf, rowsOf } from '../../../support/plans.js';

const ROWS = 20_000;
const id = (n: number): string => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
const accountId = 7_777;
const after = { createdAt: '2026-01-01T00:00:00.000Z', sessionId: id(5) };

const numbers = (each: (n: number) => unknown[]): unknown[][] => rowsOf(ROWS, each);

async function fill(db: Db): Promise<void> {
  const at = '2026-01-01 00:00:00';
  const insert = (sql: string, rows: unknown[][]): Promise<void> => insertMany(db, sql, rows);
  await insert(
    'INSERT INTO account (email, password_hash, display_name, role, status, created_at, updated_at) VALUES ?',
    numbers((n) => [
      `user${n}@example.com`,
      'x',
      'x',
      n % 100 === 0 ? 'operator' : n === 5 ? 'admin' : 'buyer',
      n % 50 === 0 ? 'LOCKED' : 'ACTIVE',
      at,
      at,
    ]),
  );
  await insert(
    'INSERT INTO account_session (session_id, account_id, user_agent, ip, created_at, refreshed_at, expires_at) VALUES ?',
    numbers((n) => [id(n), 1 + (n % 2_000), 'x', 'x', at, at, n < 100 ? '2026-02-01 00:00:00' : '2999-01-01 00:00:00']),
  );
  await insert(
    'INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at) VALUES ?',
    numbers((n) => [String(n).padStart(64, '0'), id(n), at, '2999-01-01 00:00:00']),
  );
  await insert(
    'INSERT INTO sign_in (account_id, name_hash, ip, user_agent, outcome, tried_at) VALUES ?',
    numbers((n) => [1 + (n % 2_000), 'x', 'x', 'x', 'SIGNED_IN', n < 100 ? '2020-01-01' : '2999-01-01']),
  );
  await insert(
    'INSERT INTO rate_window (limit_key, hits, resets_at) VALUES ?',
    numbers((n) => [String(n), 1, n < 100 ? '2020-01-01' : '2999-01-01']),
  );
  await insert(
    `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id,
       status, created_at, updated_at) VALUES ?`,
    numbers((n) => [
      `S${n}`,
      'x',
      'x',
      'GENERAL',
      '088',
      'x',
      'x',
      'x',
      'x',
      n % 50 === 0 ? 'SUSPENDED' : 'ACTIVE',
      at,
      at,
    ]),
  );
  for (const table of ['account', 'account_session', 'refresh_token', 'sign_in', 'rate_window', 'seller'])
    await db.raw(`ANALYZE TABLE ${table}`);
}

describe('statements about accounts', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await makeAccount(database.db, 'buyer');
    await fill(database.db);
  });
  afterAll(() => database?.drop());

  it.each<[string, string[], (db: Db) => Promise<unknown>]>([
    ['accounts', ['account_email'], (db) => listAccounts(db, {}, 51)],
    ['the next accounts', ['account_email'], (db) => listAccounts(db, { after: 'user5' }, 51)],
    ['accounts by address', ['account_email'], (db) => listAccounts(db, { emailPrefix: 'user77' }, 51)],
    ['accounts of a role', ['account_role', 'account_role_status'], (db) => listAccounts(db, { role: 'operator' }, 51)],
    ['accounts of a status', ['account_status'], (db) => listAccounts(db, { status: 'LOCKED', after: 'user5' }, 51)],
    ['accounts of both', ['account_role_status'], (db) => listAccounts(db, { role: 'operator', status: 'ACTIVE' }, 51)],
    ['an account by address', ['account_email'], (db) => readAccountByEmail(db, 'user9@example.com')],
    ['the accounts of a seller', ['account_seller'], (db) => listSellerAccounts(db, 'S5')],
    ['the admins', ['account_role_status', 'account_role'], (db) => inTransaction(db, lockActiveAdmins)],
    ['sessions of requests', ['PRIMARY'], (db) => readSessionStates(db, [id(1), id(2), id(3)])],
    ['own sessions', ['account_session_account'], (db) => listLiveSessions(db, accountId % 2_000, undefined, 51)],
    ['the next own sessions', ['account_session_account'], (db) => listLiveSessions(db, 5, after, 51)],
    ['a refresh token', ['PRIMARY'], (db) => inTransaction(db, (tx) => lockRefreshToken(tx, '7'.padStart(64, '0')))],
    [
      'sessions to be ended',
      ['account_session_account'],
      (db) => inTransaction(db, (tx) => endSessions(tx, 9, 'LOCKED')),
    ],
    ['own sign-ins', ['sign_in_account'], (db) => listSignIns(db, 5, 19_000, 51)],
    ['a counter', ['PRIMARY'], (db) => countHit(db, '700', 60)],
    ['sellers', ['PRIMARY'], (db) => listSellers(db, { after: 'S5' }, 51)],
    ['sellers of a status', ['seller_status'], (db) => listSellers(db, { status: 'SUSPENDED', after: 'S5' }, 51)],
    ['the own seller', ['PRIMARY'], (db) => listSellers(db, { only: 'S5' }, 51)],
    ['old sign-ins', ['sign_in_time'], (db) => purgeSignIns(db, 180, 5)],
    ['old tokens', ['refresh_token_expiry'], (db) => purgeRefreshTokens(db, 5)],
    ['old windows', ['rate_window_reset'], (db) => purgeRateWindows(db, 5)],
    [
      'old sessions',
      ['account_session_expiry', 'refresh_token_session', 'PRIMARY'],
      (db) => inTransaction(db, (tx) => purgeSessions(tx, 30, 5)),
    ],
  ])('read %s by %j', async (_name, keys, work) => {
    for (const { key, type, Extra } of await plansOf(database.db, work)) {
      expect(keys).toContain(key);
      expect(type).not.toBe('ALL');
      expect(Extra).not.toContain('filesort');
    }
  });
});
