/** Buyers who are signed in. They are made in the database, because a server does not let that many sign in from one address. */
import { accessTokens } from '../core/accounts/access-token.js';
import { insertAccount } from '../core/accounts/stores/account.js';
import { insertSession } from '../core/accounts/stores/account-session.js';
import { readConfig } from '../infra/config.js';
import { type Db, inTransaction } from '../infra/database.js';
import { decided } from '../kernel/outcome.js';

export interface Buyer {
  readonly accountId: number;
  /** An access token, which is valid for a quarter of an hour. */
  readonly token: string;
}

/** Buyers with their sessions. */
export class Buyers {
  private constructor(
    private readonly sessions: readonly { readonly accountId: number; readonly sessionId: string }[],
  ) {}

  static async make(db: Db, count: number): Promise<Buyers> {
    const sessions = await inTransaction(db, async (tx) => {
      const made = [];
      for (let number = 1; number <= count; number += 1) {
        const names = { email: `bench-${number}@example.com`, displayName: `bench ${number}` };
        const accountId = decided(await insertAccount(tx, { ...names, passwordHash: 'none', role: 'buyer' }));
        made.push({ accountId, sessionId: await insertSession(tx, accountId, { userAgent: 'bench', ip: '::1' }) });
      }
      return made;
    });
    return new Buyers(sessions);
  }

  /** All of them, with new tokens. */
  signIn(): Promise<Buyer[]> {
    const tokens = accessTokens(readConfig().tokenKey);
    return Promise.all(
      this.sessions.map(async (session) => ({ accountId: session.accountId, token: await tokens.sign(session) })),
    );
  }
}
