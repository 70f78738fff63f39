/** POST /v1/accounts/{accountId}/lock and /unlock */
import { type AccountStatus, mayLock } from '../../core/accounts/rules/account.js';
import { lockAccount, lockActiveAdmins, readAccount, updateAccount } from '../../core/accounts/stores/account.js';
import { endSessions } from '../../core/accounts/stores/account-session.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountBody, accountSchema } from './account-fields.js';
import { accountParams } from './read-accounts.js';

export const lockOut = (): Route =>
  statusRoute({
    status: 'LOCKED',
    verb: 'lock',
    summary: 'Lock an account',
    description: 'Nobody can sign in with it until it is unlocked; its sessions end at once, on every server.',
  });

export const unlock = (): Route =>
  statusRoute({
    status: 'ACTIVE',
    verb: 'unlock',
    summary: 'Unlock an account',
    description: 'Its owner can sign in again. Sessions that ended stay ended.',
  });

interface StatusRoute {
  readonly status: AccountStatus;
  readonly verb: 'lock' | 'unlock';
  readonly summary: string;
  readonly description: string;
}

const statusRoute = ({ status, verb, summary, description }: StatusRoute): Route =>
  route({
    method: 'post',
    path: `/v1/accounts/{accountId}/${verb}`,
    operationId: `${verb}Account`,
    tag: 'Accounts',
    summary,
    description: `${description} Operators cannot do it to an admin, nobody can do it to themselves, and the last admin cannot be locked.`,
    permission: 'account.lock',
    params: accountParams,
    answer: { status: 200, description: 'The account as it is now.', etag: true, schema: accountSchema },
    refusals: ['ACCOUNT_NOT_FOUND', 'LAST_ADMIN'],
    handle: async ({ params, signedIn, audit, transact }) =>
      transact(async (tx) => {
        const admins = await lockActiveAdmins(tx);
        const former = found(await lockAccount(tx, params.accountId), 'ACCOUNT_NOT_FOUND');
        const { accountId } = former;
        if (accountId === signedIn.accountId || !mayLock(signedIn.role, former.role)) throw new MagamError('FORBIDDEN');
        if (former.status === status) return ok(accountBody(former), former.version);
        if (status === 'LOCKED' && admins.length === 1 && admins[0] === accountId) throw new MagamError('LAST_ADMIN');
        await updateAccount(tx, accountId, { status });
        if (status === 'LOCKED') await endSessions(tx, accountId, 'LOCKED');
        await audit(tx, `account.${verb}`, ['account', accountId], {
          before: { status: former.status },
          after: { status },
        });
        const account = (await readAccount(tx, accountId)) ?? former;
        return ok(accountBody(account), account.version);
      }),
  });
