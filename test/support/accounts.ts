/** Accounts and sellers for tests, made in the database: signed in without a password, so without its cost and its limits. */
import { randomUUID } from 'node:crypto';
import { accessTokens, newRefreshToken } from '../../core/accounts/access-token.js';
import { sealBankAccount } from '../../core/accounts/bank-account.js';
import { openPasswords } from '../../core/accounts/passwords.js';
import { insertAccount, type NewAccount } from '../../core/accounts/stores/account.js';
import { insertRefreshToken, insertSession } from '../../core/accounts/stores/account-session.js';
import { insertSeller } from '../../core/accounts/stores/seller.js';
import { approveBankAccount, insertBankAccount } from '../../core/accounts/stores/seller-bank-account.js';
import { readConfig } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import type { Role } from '../../kernel/access.js';
import { checkDigit } from '../../kernel/business-number.js';
import { decided } from '../../kernel/outcome.js';

/** The keys that a test's server has unless the test gives others. */
const config = readConfig({ NODE_ENV: 'test' });
const tokens = accessTokens(config.tokenKey);
const passwords = openPasswords();

export const PASSWORD = 'autumn reading weather';
let passwordHash: Promise<string> | undefined;

export interface TestAccount {
  readonly accountId: number;
  readonly email: string;
  readonly sessionId: string;
  /** Access token. */
  readonly token: string;
  readonly refreshToken: string;
}

/** An account with PASSWORD, signed in. A seller's needs `sellerId`; the seller itself need not exist. */
export async function makeAccount(db: Db, role: Role, more: Partial<NewAccount> = {}): Promise<TestAccount> {
  passwordHash ??= passwords.hash(PASSWORD);
  const hash = await passwordHash;
  const email = more.email ?? `${role}-${randomUUID()}@example.com`;
  const refreshToken = newRefreshToken();
  return inTransaction(db, async (tx) => {
    const made = { displayName: role, passwordHash: hash, role, emailProven: true };
    const accountId = await insertAccount(tx, { ...made, ...more, email });
    if (typeof accountId !== 'number') throw new Error(`${email} is taken`);
    const sessionId = await insertSession(tx, accountId, { ip: '127.0.0.1', userAgent: 'test' });
    await insertRefreshToken(tx, sessionId, sha256(refreshToken));
    return { accountId, email, sessionId, token: await tokens.sign({ accountId, sessionId }), refreshToken };
  });
}

/** A seller with a bank account that may be paid to. */
export async function makeSeller(db: Db, sellerId: string): Promise<void> {
  const bankAccount = { bankCode: '088', accountHolder: sellerId, accountNumber: '110123456789' };
  const sealed = sealBankAccount(config.encryptionKey, sellerId, bankAccount);
  await inTransaction(db, async (tx) => {
    await insertSeller(tx, {
      sellerId,
      name: `Shop ${sellerId}`,
      businessNumber: `123456789${checkDigit('123456789')}`,
      taxType: 'GENERAL',
      bankAccount: sealed,
    });
    const bankAccountId = decided(await insertBankAccount(tx, sellerId, sealed, null));
    await approveBankAccount(tx, { sellerId, bankAccountId }, null, 0);
  });
}
