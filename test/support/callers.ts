/** Accounts that are signed in already, without a password being hashed for each. */
import type { Role } from '../../domain/access.js';
import { isRefusal } from '../../domain/errors.js';
import { accessTokens } from '../../infra/access-token.js';
import { readConfig } from '../../infra/config.js';
import { change, type Db } from '../../infra/database.js';
import { insertAccount } from '../../infra/stores/account.js';
import { insertSession } from '../../infra/stores/account-session.js';

export interface TestCaller {
  readonly accountId: number;
  readonly token: string;
}

let made = 0;

/** An account of the role with a session; a seller's acts for `sellerId`. */
export async function signedIn(db: Db, role: Role, sellerId?: string): Promise<TestCaller> {
  made += 1;
  const accountId = await insertAccount(db, {
    email: `${role}-${made}@example.com`,
    passwordHash: 'nobody signs in with a password',
    displayName: `${role} ${made}`,
    role,
    ...(sellerId === undefined ? {} : { sellerId }),
  });
  if (isRefusal(accountId)) throw new Error(accountId.refused);
  const sessionId = await db.transaction((tx) => insertSession(tx, accountId, { userAgent: 'test', ip: '127.0.0.1' }));
  const { tokenKey } = readConfig({ NODE_ENV: 'test' });
  return { accountId, token: await accessTokens(tokenKey).sign({ accountId, sessionId }) };
}

/** A business that sells; its bank account is nobody's. */
export async function makeSeller(db: Db, sellerId: string): Promise<void> {
  await change(
    db,
    `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked,
       bank_key_id, status, created_at, updated_at)
     VALUES (?, ?, '1234567891', 'GENERAL', '004', ?, 'none', '****', 'none', 'ACTIVE', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [sellerId, sellerId, sellerId],
  );
}
