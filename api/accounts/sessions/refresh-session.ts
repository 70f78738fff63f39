/**
 * Continuing a session: a refresh token is used once and replaced (RFC 9700, 4.14.2). A token that comes a second time was copied, and nobody can tell which of the two holders is
 * the owner. So the whole family ends, both holders are signed out, and the owner signs in again. That is strict: a client that sends one token twice at the same time (two tabs,
 * a retry after a lost answer) signs itself out. There is no grace period, because a thief would not be noticed within it.
 */

import { newRefreshToken } from '../../../core/accounts/access-token.js';
import { type Account, readAccount } from '../../../core/accounts/stores/account.js';
import {
  type Device,
  endSession,
  insertRefreshToken,
  lockRefreshToken,
  useRefreshToken,
} from '../../../core/accounts/stores/account-session.js';
import { inTransaction } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import { type ErrorCode, type Refusal, refuse } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import type { AccountsContext } from '../context.js';
import type { OpenedSession } from './open-session.js';

/** The codes with which a refresh may be refused. */
export const refreshRefusals = [
  'REFRESH_TOKEN_INVALID',
  'REFRESH_TOKEN_REUSED',
  'ACCOUNT_LOCKED',
] as const satisfies readonly ErrorCode[];

/** Uses a refresh token. The change that a refusal makes (the end of the family) is committed before the answer. */
export async function refreshSession(access: AccountsContext, token: string, device: Device): Promise<OpenedSession> {
  const refreshToken = newRefreshToken();
  const { account, sessionId } = decided(await rotate(access, sha256(token), sha256(refreshToken), device));
  const accessToken = await access.tokens.sign({ accountId: account.accountId, sessionId });
  return { account, sessionId, accessToken, refreshToken };
}

interface Rotated {
  readonly account: Account;
  readonly sessionId: string;
}

const rotate = ({ db, log }: AccountsContext, used: string, next: string, device: Device): Promise<Rotated | Refusal> =>
  inTransaction(db, async (tx): Promise<Rotated | Refusal> => {
    const state = await lockRefreshToken(tx, used);
    if (state === undefined) return refuse('REFRESH_TOKEN_INVALID');
    const { sessionId, accountId } = state;
    if (state.ended !== null) {
      return refuse(state.ended === 'STOLEN' ? 'REFRESH_TOKEN_REUSED' : 'REFRESH_TOKEN_INVALID');
    }
    if (state.used) {
      await endSession(tx, sessionId, 'STOLEN');
      log.warn({ accountId, sessionId, ip: device.ip }, 'a refresh token was used twice; its session ends');
      return refuse('REFRESH_TOKEN_REUSED');
    }
    const account = await readAccount(tx, accountId);
    if (state.expired || account === undefined) return refuse('REFRESH_TOKEN_INVALID');
    if (account.status === 'LOCKED') return refuse('ACCOUNT_LOCKED');
    await useRefreshToken(tx, state, used, device);
    await insertRefreshToken(tx, sessionId, next);
    return { account, sessionId };
  });
