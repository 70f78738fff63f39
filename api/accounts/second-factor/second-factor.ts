/** The caller's own second factor: GET and POST /v1/me/second-factor, its confirmation, new recovery codes, its removal. */
import * as z from 'zod';
import {
  beginSecondFactor,
  renewRecoveryCodes,
  turnSecondFactorOff,
  turnSecondFactorOn,
} from '../../../core/accounts/second-factor.js';
import { type Account, lockAccount, readAccount } from '../../../core/accounts/stores/account.js';
import { countRecoveryCodes } from '../../../core/accounts/stores/second-factor.js';
import type { Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { decided, found } from '../../../kernel/outcome.js';
import { created, noContent, ok } from '../../edge/reply.js';
import { type Route, route } from '../../edge/route.js';
import { password, secondFactorCode } from '../account-fields.js';
import type { AccountsContext } from '../context.js';

const proofSchema = z.strictObject({ password }).meta({ id: 'PasswordProof' });
const codesSchema = z
  .object({
    recoveryCodes: z.array(z.string()).meta({
      description: 'Shown only here. Each replaces one code of the device. Do not keep them on the device.',
    }),
  })
  .meta({ id: 'RecoveryCodes' });

const path = '/v1/me/second-factor';

export const showSecondFactor = ({ db, config }: AccountsContext): Route =>
  route({
    method: 'get',
    path,
    operationId: 'readMySecondFactor',
    tag: 'Signing in',
    summary: 'Show my second factor',
    permission: 'profile.read',
    answer: {
      status: 200,
      description: 'Whether the account has a second factor.',
      schema: z
        .object({ enabled: z.boolean(), required: z.boolean(), recoveryCodesLeft: z.number().int() })
        .meta({ id: 'SecondFactor' }),
    },
    refusals: ['ACCOUNT_NOT_FOUND'],
    handle: async ({ signedIn: { accountId, role } }) => {
      const account = found(await readAccount(db, accountId), 'ACCOUNT_NOT_FOUND');
      const required = config.accounts.secondFactorRoles.includes(role);
      return ok({
        enabled: account.secondFactor,
        required,
        recoveryCodesLeft: await countRecoveryCodes(db, accountId),
      });
    },
  });

/** The account whose password was proven, locked. Throws PASSWORD_WRONG. */
async function proved(
  accounts: AccountsContext,
  accountId: number,
  typed: string,
): Promise<(tx: Tx) => Promise<Account>> {
  const before = found(await readAccount(accounts.db, accountId), 'ACCOUNT_NOT_FOUND');
  if (!(await accounts.passwords.verify(before.passwordHash, typed))) throw new MagamError('PASSWORD_WRONG');
  return async (tx) => {
    const account = await lockAccount(tx, accountId);
    if (account?.passwordHash !== before.passwordHash) throw new MagamError('PASSWORD_WRONG');
    return account;
  };
}

export const beginOwnSecondFactor = (accounts: AccountsContext): Route =>
  route({
    method: 'post',
    path,
    operationId: 'beginMySecondFactor',
    tag: 'Signing in',
    summary: 'Begin to set up a second factor',
    description:
      'For an app that makes codes (TOTP). The secret becomes valid when a first code is sent to the confirmation. The address has to be proven.',
    permission: 'profile.edit',
    body: proofSchema,
    example: { password: 'magam sample password' },
    answer: {
      status: 201,
      description: 'The secret, for the app; shown only here.',
      schema: z
        .object({
          secret: z.string().meta({ description: 'Base32.' }),
          uri: z.string().meta({ description: 'The same as `otpauth://totp/…`, for a QR code.' }),
        })
        .meta({ id: 'SecondFactorSecret' }),
    },
    refusals: ['PASSWORD_WRONG', 'SECOND_FACTOR_EXISTS', 'EMAIL_UNPROVEN', 'ACCOUNT_NOT_FOUND', 'SIGN_IN_BUSY'],
    before: accounts.limits.passwordChange,
    handle: async ({ body, signedIn, transact }) => {
      const lock = await proved(accounts, signedIn.accountId, body.password);
      return transact(async (tx) => {
        const account = await lock(tx);
        if (!account.emailProven) throw new MagamError('EMAIL_UNPROVEN');
        if (account.secondFactor) throw new MagamError('SECOND_FACTOR_EXISTS');
        return created(path, { ...(await beginSecondFactor(tx, accounts.config.encryptionKey, account)) });
      });
    },
  });

export const confirmOwnSecondFactor = ({ config, limits }: AccountsContext): Route =>
  route({
    method: 'post',
    path: `${path}/confirmation`,
    operationId: 'confirmMySecondFactor',
    tag: 'Signing in',
    summary: 'Turn the second factor on with a first code',
    description: 'Every other session of the account ends. From now on a sign-in needs a code.',
    permission: 'profile.edit',
    body: z.strictObject({ code: secondFactorCode }).meta({ id: 'SecondFactorCode' }),
    example: { code: '123456' },
    answer: { status: 200, description: 'The recovery codes.', schema: codesSchema },
    refusals: ['SECOND_FACTOR_MISSING', 'SECOND_FACTOR_EXISTS', 'SECOND_FACTOR_WRONG'],
    before: limits.passwordChange,
    handle: async ({ body: { code }, signedIn, requestId, audit, transact }) =>
      transact(async (tx) => {
        const { accountId, sessionId } = signedIn;
        const asked = { accountId, sessionId, code: code.trim(), requestId };
        const recoveryCodes = decided(await turnSecondFactorOn(tx, config.encryptionKeys, asked));
        await audit(tx, 'profile.second-factor-on', ['account', accountId], {
          before: { secondFactor: false },
          after: { secondFactor: true },
        });
        return ok({ recoveryCodes: [...recoveryCodes] });
      }),
  });

export const renewOwnRecoveryCodes = (accounts: AccountsContext): Route =>
  route({
    method: 'post',
    path: `${path}/recovery-codes`,
    operationId: 'replaceMyRecoveryCodes',
    tag: 'Signing in',
    summary: 'Get new recovery codes',
    description: 'The former codes are no longer valid.',
    permission: 'profile.edit',
    body: proofSchema,
    example: { password: 'magam sample password' },
    answer: { status: 200, description: 'The recovery codes.', schema: codesSchema },
    refusals: ['PASSWORD_WRONG', 'SECOND_FACTOR_MISSING', 'ACCOUNT_NOT_FOUND', 'SIGN_IN_BUSY'],
    before: accounts.limits.passwordChange,
    handle: async ({ body, signedIn: { accountId }, requestId, audit, transact }) => {
      const lock = await proved(accounts, accountId, body.password);
      return transact(async (tx) => {
        if (!(await lock(tx)).secondFactor) throw new MagamError('SECOND_FACTOR_MISSING');
        const recoveryCodes = await renewRecoveryCodes(tx, accountId, requestId);
        await audit(tx, 'profile.new-recovery-codes', ['account', accountId], { before: null, after: null });
        return ok({ recoveryCodes: [...recoveryCodes] });
      });
    },
  });

export const removeOwnSecondFactor = (accounts: AccountsContext): Route =>
  route({
    method: 'post',
    path: `${path}/removal`,
    operationId: 'removeMySecondFactor',
    tag: 'Signing in',
    summary: 'Remove my second factor',
    description:
      'If the role needs a second factor, the account can do nothing else until a new one is set up. The owner is informed by mail.',
    permission: 'profile.edit',
    body: proofSchema,
    example: { password: 'magam sample password' },
    answer: { status: 204, description: 'The second factor is removed.' },
    refusals: ['PASSWORD_WRONG', 'SECOND_FACTOR_MISSING', 'ACCOUNT_NOT_FOUND', 'SIGN_IN_BUSY'],
    before: accounts.limits.passwordChange,
    handle: async ({ body, signedIn: { accountId }, requestId, audit, transact }) => {
      const lock = await proved(accounts, accountId, body.password);
      return transact(async (tx) => {
        if (!(await lock(tx)).secondFactor) throw new MagamError('SECOND_FACTOR_MISSING');
        await turnSecondFactorOff(tx, accountId, requestId);
        await audit(tx, 'profile.second-factor-off', ['account', accountId], {
          before: { secondFactor: true },
          after: { secondFactor: false },
        });
        return noContent();
      });
    },
  });
