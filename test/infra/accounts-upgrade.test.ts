/** Accounts and sellers from before addresses were proven and bank accounts were approved: brought up to date unharmed. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sealBankAccount } from '../../core/accounts/bank-account.js';
import { payableBankAccount } from '../../core/accounts/payable-bank-account.js';
import { readAccountByEmail } from '../../core/accounts/stores/account.js';
import { listBankAccounts } from '../../core/accounts/stores/seller-bank-account.js';
import { insertSignIn } from '../../core/accounts/stores/sign-in.js';
import { readConfig } from '../../infra/config.js';
import { change } from '../../infra/database.js';
import { migrate } from '../../infra/migrate.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';

const sql = new URL('../../sql/', import.meta.url);
let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'magam-accounts-upgrade-'));
  try {
    for (const file of readdirSync(sql).filter((name) => name < '0360')) cpSync(new URL(file, sql), join(folder, file));
    await migrate(database.url, pathToFileURL(`${folder}/`));
  } finally {
    rmSync(folder, { recursive: true });
  }
  await change(
    database.db,
    `INSERT INTO account (email, password_hash, password_one_time, display_name, role, seller_id, status, created_at, updated_at) VALUES
     ('admin@x.kr', 'h', 0, 'x', 'admin', NULL, 'ACTIVE', '2026-01-01', '2026-01-01'),
     ('operator@x.kr', 'h', 0, 'x', 'operator', NULL, 'ACTIVE', '2026-01-01', '2026-01-01'),
     ('seller@x.kr', 'h', 1, 'x', 'seller', 'S1', 'ACTIVE', '2026-01-01', '2026-01-01'),
     ('buyer@x.kr', 'h', 0, 'x', 'buyer', NULL, 'ACTIVE', '2026-01-01', '2026-01-01')`,
  );
  const { encryptionKey } = readConfig({});
  const account = { bankCode: '088', accountHolder: 'x', accountNumber: '110123456789' };
  const { sealed, keyId, masked } = sealBankAccount(encryptionKey, 'S1', account);
  await change(
    database.db,
    `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id,
       status, created_at, updated_at) VALUES ('S1', 'x', '1234567890', 'GENERAL', '088', 'x', ?, ?, ?, 'ACTIVE', '2026-01-01', '2026-01-02')`,
    [sealed, masked, keyId],
  );
  await migrate(database.url, sql);
});
afterAll(() => database?.drop());

it('staff counts as proven, everybody else is unproven and keeps the role', async () => {
  const of = async (email: string) => {
    const account = await readAccountByEmail(database.db, email);
    return [account?.role, account?.emailProven, account?.passwordExpired, account?.secondFactor];
  };
  expect(await of('admin@x.kr')).toEqual(['admin', true, false, false]);
  expect(await of('operator@x.kr')).toEqual(['operator', true, false, false]);
  expect(await of('seller@x.kr')).toEqual(['seller', false, false, false]);
  expect(await of('buyer@x.kr')).toEqual(['buyer', false, false, false]);
});

it('the bank accounts of sellers are payable as before, and begin their history', async () => {
  const [first, ...more] = await listBankAccounts(database.db, 'S1', undefined, 10);
  expect(more).toEqual([]);
  expect(first).toMatchObject({ status: 'CURRENT', proposedBy: null, payoutFrom: '2026-01-02T00:00:00.000Z' });
  expect(await payableBankAccount(database.db, 'S1')).toMatchObject({
    bankAccountId: first?.bankAccountId,
    masked: '****6789',
  });
});

it('the history of sign-ins takes the new outcomes, and no other', async () => {
  const device = { ip: '127.0.0.1', userAgent: 'test' };
  const made = { accountId: null, nameHash: '0'.repeat(64), device };
  for (const outcome of ['PASSWORD_EXPIRED', 'SECOND_FACTOR_NEEDED', 'SECOND_FACTOR_WRONG'] as const)
    await insertSignIn(database.db, { ...made, outcome });
  await expect(insertSignIn(database.db, { ...made, outcome: 'GUESSED' as never })).rejects.toThrow();
});
