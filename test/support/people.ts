/** People of every role, signed in, for tests of what they may do. */
import { randomBytes } from 'node:crypto';
import type { Role } from '../../domain/access.js';
import { accessTokens } from '../../infra/access-token.js';
import { readConfig } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { openPasswords } from '../../infra/passwords.js';
import { insertAccount } from '../../infra/stores/account.js';
import { insertSession } from '../../infra/stores/account-session.js';

export interface Person {
  readonly accountId: number;
  readonly email: string;
  readonly role: Role;
  readonly sellerId: string | null;
  readonly sessionId: string;
  /** Access token, for a server with the default key. */
  readonly token: string;
}

/** What everybody here signs in with. */
export const PASSWORD = 'autumn reading weather';
let hashed: Promise<string> | undefined;

/** Makes an account with a session of its own. */
export async function makePerson(db: Db, role: Role, sellerId: string | null = null): Promise<Person> {
  hashed ??= openPasswords().hash(PASSWORD);
  const passwordHash = await hashed;
  const email = `${role}-${randomBytes(5).toString('hex')}@example.com`;
  const [accountId, sessionId] = await inTransaction(db, async (tx) => {
    const made = await insertAccount(tx, { email, passwordHash, displayName: `A ${role}`, role, sellerId });
    if (typeof made !== 'number') throw new Error(made.refused);
    return [made, await insertSession(tx, made, { userAgent: 'test', ip: '127.0.0.1' })] as const;
  });
  const token = await accessTokens(readConfig({}).tokenKey).sign({ accountId, sessionId });
  return { accountId, email, role, sellerId, sessionId, token };
}
