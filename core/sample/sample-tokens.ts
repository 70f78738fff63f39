/** Signs in sample accounts by the thousand, for load scripts: the server's limits would let that many sign in from one address only slowly. */
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { accessTokens } from '../accounts/access-token.js';
import { beginSession } from '../accounts/begin-session.js';
import { lockAccount, readAccountByEmail } from '../accounts/stores/account.js';
import { refuseInProduction } from './refuse-in-production.js';

export interface SampleToken {
  readonly email: string;
  readonly accountId: number;
  /** Valid for 15 minutes, on servers that have the same `MAGAM_TOKEN_KEY`. */
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Sessions begun in one transaction. */
const BATCH = 100;
const DEVICE = { ip: '127.0.0.1', userAgent: 'magam sample' };

/**
 * Begins a session for each of these accounts, as signing in does, and makes its tokens. An account that is locked or gone is left out. Throws
 * CONFIG_INVALID in production.
 */
export async function makeSampleTokens(
  db: Db,
  config: Pick<Config, 'production' | 'tokenKey'>,
  emails: readonly string[],
): Promise<SampleToken[]> {
  refuseInProduction(config);
  const { sign } = accessTokens(config.tokenKey);
  const tokens: SampleToken[] = [];
  for (let at = 0; at < emails.length; at += BATCH) {
    const begun = await inTransaction(db, async (tx) => {
      const sessions = [];
      for (const email of emails.slice(at, at + BATCH)) {
        const account = await lockAccount(tx, (await readAccountByEmail(tx, email))?.accountId ?? 0);
        if (account?.status !== 'ACTIVE') continue;
        const { accountId } = account;
        sessions.push({ email, accountId, ...(await beginSession(tx, accountId, DEVICE)) });
      }
      return sessions;
    });
    for (const { sessionId, ...one } of begun)
      tokens.push({ ...one, accessToken: await sign({ accountId: one.accountId, sessionId }) });
  }
  return tokens;
}
