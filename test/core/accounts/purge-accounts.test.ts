import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { purgeAccountLeftovers } from '../../../core/accounts/purge-accounts.js';
import { insertSignIn } from '../../../core/accounts/stores/sign-in.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

describe('what accounts leave behind', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  it('goes when it is old enough, and not before', async () => {
    const { db } = database;
    const [old, young] = [await makeAccount(db, 'buyer'), await makeAccount(db, 'buyer')];
    await change(
      db,
      'UPDATE account_session SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY WHERE session_id = ?',
      [old.sessionId],
    );
    await inTransaction(db, async (tx) => {
      const device = { ip: '127.0.0.1', userAgent: 'test' };
      for (let i = 0; i < 1_200; i += 1)
        await insertSignIn(tx, { accountId: null, nameHash: '0'.repeat(64), device, outcome: 'UNKNOWN_NAME' });
    });
    await change(db, 'UPDATE sign_in SET tried_at = UTC_TIMESTAMP(3) - INTERVAL 181 DAY WHERE sign_in_id <= 1100');
    await change(
      db,
      `INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at, used_at)
       VALUES ('used', ?, '2026-01-01', '2026-01-31', '2026-01-01'), ('lately', ?, '2026-01-01', UTC_TIMESTAMP(3), '2026-01-01')`,
      [young.sessionId, young.sessionId],
    );
    await change(
      db,
      `INSERT INTO one_time_link (token_hash, purpose, subject_id, created_at, expires_at)
       VALUES ('old', 'RESET', 1, '2026-01-01', '2026-01-02'), ('lately', 'RESET', 1, '2026-01-01', UTC_TIMESTAMP(3))`,
    );
    const none = { rateWindows: 0, signIns: 0, sessions: 0, refreshTokens: 0, links: 0 };
    expect(await purgeAccountLeftovers(db)).toEqual({
      ...none,
      signIns: 1_100,
      sessions: 1,
      refreshTokens: 1,
      links: 1,
    });
    expect(await purgeAccountLeftovers(db)).toEqual(none);
    expect(await select(db, 'SELECT session_id FROM account_session')).toEqual([{ session_id: young.sessionId }]);
    expect(await select(db, 'SELECT DISTINCT session_id FROM refresh_token')).toEqual([
      { session_id: young.sessionId },
    ]);
    expect(await select(db, `SELECT 1 FROM refresh_token WHERE token_hash = 'used'`)).toEqual([]);
  });
});
