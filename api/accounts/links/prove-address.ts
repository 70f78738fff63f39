/** POST /v1/address-proofs and POST /v1/me/address-proof */
import * as z from 'zod';
import { accountOfLink, proveAddress } from '../../../core/accounts/prove-address.js';
import { lockAccount } from '../../../core/accounts/stores/account.js';
import { recordEvents } from '../../../core/outbox/record-events.js';
import { MagamError } from '../../../kernel/errors.js';
import { decided, found } from '../../../kernel/outcome.js';
import { noContent } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { linkToken, password } from '../account-fields.js';
import type { AccountsContext } from '../context.js';

export const proveOwnAddress = ({ db, passwords, limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/address-proofs',
    operationId: 'proveAddress',
    tag: 'Accounts',
    summary: 'Prove an address with the link that was mailed',
    description:
      'It takes the password of the account, so that nobody proves with a click an address with which somebody else has signed up. ' +
      'If you receive the mail and do not know the password, ask for a new one: POST /v1/password-resets.',
    permission: 'session.open',
    provesIdentity: true,
    body: z.strictObject({ token: linkToken, password }).meta({ id: 'AddressProof' }),
    example: { token: 'the token of the link in the mail', password: 'magam sample password' },
    answer: { status: 204, description: 'The address is proven.' },
    refusals: ['LINK_INVALID', 'PASSWORD_WRONG', 'SIGN_IN_BUSY'],
    before: limits.link,
    handle: async ({ body, transact }) => {
      const account = decided(await accountOfLink(db, 'PROVE', body.token));
      if (!(await passwords.verify(account.passwordHash, body.password))) throw new MagamError('PASSWORD_WRONG');
      return transact(async (tx) => {
        decided(await proveAddress(tx, body.token, account));
        return noContent();
      });
    },
  });

export const askForProof = ({ limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: '/v1/me/address-proof',
    operationId: 'requestAddressProof',
    tag: 'Accounts',
    summary: 'Mail the link that proves my address again',
    description: 'Three times an hour. Nothing is sent if the address is proven already.',
    permission: 'profile.edit',
    answer: { status: 204, description: 'The mail is on its way.' },
    refusals: ['ACCOUNT_NOT_FOUND'],
    before: limits.proofMail,
    handle: async ({ signedIn: { accountId }, requestId, transact }) =>
      transact(async (tx) => {
        const account = found(await lockAccount(tx, accountId), 'ACCOUNT_NOT_FOUND');
        if (!account.emailProven)
          await recordEvents(tx, [{ type: 'account.proof-wanted', payload: { accountId }, requestId }]);
        return noContent();
      }),
  });
