import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPasswords } from '../../../core/accounts/passwords.js';
import { readAccountByEmail } from '../../../core/accounts/stores/account.js';
import { readSeller } from '../../../core/accounts/stores/seller.js';
import { SyntheticFeed } from '../../../core/sample/rules/synthetic-feed.js';
import { makeSampleAccounts } from '../../../core/sample/sample-accounts.js';
import { readConfig } from '../../../infra/config.js';
import { select } from '../../../infra/database.js';
import { normaliseBusinessNumber } from '../../../kernel/business-number.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const config = readConfig({ NODE_ENV: 'development' });

describe('sample accounts', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  const counts = async () => {
    const [row] = await select<{ accounts: number; sellers: number }>(
      database.db,
      'SELECT (SELECT COUNT(*) FROM account) AS accounts, (SELECT COUNT(*) FROM seller) AS sellers',
    );
    return row;
  };

  it('are the sellers of the synthetic feed and somebody of each other role, once', async () => {
    const made = await makeSampleAccounts(database.db, config, { sellers: 120 });
    expect(await makeSampleAccounts(database.db, config, { sellers: 120 })).toEqual(made);
    expect(await counts()).toEqual({ accounts: 123, sellers: 120 });
    expect(made.signIns.map(({ role }) => role).slice(0, 4)).toEqual(['operator', 'buyer', 'buyer', 'seller']);
    const feed = new SyntheticFeed({ date: '2026-06-30', lines: 50, sellers: 120, seed: '1' });
    for (let slot = 0; slot < 50; slot += 1) {
      const seller = await readSeller(database.db, feed.sale(slot).sellerId);
      expect(normaliseBusinessNumber(seller?.businessNumber ?? '')).toBe(seller?.businessNumber);
    }
    for (const { email, role } of made.signIns.slice(0, 5)) {
      const account = await readAccountByEmail(database.db, email);
      expect(account).toMatchObject({ role, passwordOneTime: false });
      expect(await openPasswords().verify(account?.passwordHash ?? null, made.password)).toBe(true);
    }
  });

  it('are refused in production', async () => {
    await expect(
      makeSampleAccounts(database.db, { ...config, production: true }, { sellers: 1 }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });
});
