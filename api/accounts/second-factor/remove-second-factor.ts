/** POST /v1/accounts/{accountId}/second-factor/removal: for somebody who has lost the device and the recovery codes. */
import { turnSecondFactorOff } from '../../../core/accounts/second-factor.js';
import { lockAccount } from '../../../core/accounts/stores/account.js';
import { MagamError } from '../../../kernel/errors.js';
import { found } from '../../../kernel/outcome.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { accountParams } from '../read-accounts.js';

export const removeSecondFactor = (): Route =>
  route({
    method: 'post',
    path: '/v1/accounts/{accountId}/second-factor/removal',
    operationId: 'removeSecondFactor',
    tag: 'Accounts',
    summary: 'Remove a lost second factor',
    description:
      'Make sure that the owner is asking. The owner is informed by mail. Staff cannot remove their own second factor with this call.',
    permission: 'account.reset-password',
    params: accountParams,
    answer: { status: 204, description: 'The second factor is removed.' },
    refusals: ['ACCOUNT_NOT_FOUND', 'SECOND_FACTOR_MISSING'],
    handle: async ({ params: { accountId }, signedIn, requestId, audit, transact }) =>
      transact(async (tx) => {
        if (accountId === signedIn.accountId) throw new MagamError('FORBIDDEN');
        const account = found(await lockAccount(tx, accountId), 'ACCOUNT_NOT_FOUND');
        if (!account.secondFactor) throw new MagamError('SECOND_FACTOR_MISSING');
        await turnSecondFactorOff(tx, accountId, requestId);
        await audit(tx, 'account.remove-second-factor', ['account', accountId], {
          before: { secondFactor: true },
          after: { secondFactor: false },
        });
        return noContent();
      }),
  });
