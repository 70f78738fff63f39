/** What people do to payouts: propose, approve, hold, release, cancel, retry. Each is in the history of the payout and in the audit log. */
import * as z from 'zod';
import {
  approvePayout,
  cancelPayout,
  holdPayout,
  makerOf,
  releasePayout,
  retryPayout,
} from '../../core/payouts/change-payout.js';
import { proposeOne } from '../../core/payouts/propose-payouts.js';
import { lockPayouts, type Payout, readPayout } from '../../core/payouts/stores/payout.js';
import { readPayablesOf } from '../../core/statements/stores/payable-account.js';
import type { Tx } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { type ErrorCode, isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { businessDate, id, knownCurrency, text } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { payoutBody, payoutHash, payoutParams, payoutSchema, sellerParams, tag } from './payout-fields.js';

type Change = Pick<
  Call<{ readonly payoutId: number }, unknown, unknown>,
  'params' | 'requireVersion' | 'transact' | 'audit'
>;

/** Carries out a change of the version that the client saw. What a refusal has written (an approval that is void) stays. */
export const changed = (
  { params: { payoutId }, requireVersion, transact, audit }: Change,
  name: string,
  after: object,
  work: (tx: Tx) => Promise<Payout | Refusal>,
) =>
  transact(async (tx) => {
    const [before] = await lockPayouts(tx, [payoutId]);
    requireVersion(found(before, 'PAYOUT_NOT_FOUND', { payoutId }).version);
    const payout = await work(tx);
    if (isRefusal(payout)) return payout;
    await audit(tx, `payout.${name}`, ['payout', payoutId], { before: { status: before?.status }, after });
    return ok(payoutBody(payout, true), payout.version);
  });

const CHANGES = {
  hold: {
    act: holdPayout,
    path: 'hold',
    operationId: 'holdPayout',
    summary: 'Hold a payout',
    description: 'It is not paid until it is released. An approval is gone.',
    more: [],
  },
  release: {
    act: releasePayout,
    path: 'release',
    operationId: 'releasePayout',
    summary: 'Release a payout that is held',
    description: 'It has to be approved again.',
    more: [],
  },
  cancel: {
    act: cancelPayout,
    path: 'cancellation',
    operationId: 'cancelPayout',
    summary: 'Cancel a payout',
    description: 'Its statements are free for the next proposal.',
    more: [],
  },
  retry: {
    act: retryPayout,
    path: 'retry',
    operationId: 'retryPayout',
    summary: 'Try a payout again that failed or came back',
    description: 'Another attempt of the same payout. Whoever asks for it is its maker, so somebody else approves it.',
    more: ['SELLER_NOT_FOUND', 'BANK_ACCOUNT_WAITING'],
  },
} as const satisfies Record<string, { readonly more: readonly ErrorCode[]; readonly [rest: string]: unknown }>;

export const changePayoutRoute = (name: keyof typeof CHANGES): Route => {
  const { act, path, operationId, summary, description, more } = CHANGES[name];
  return route({
    method: 'post',
    path: `/v1/payouts/{payoutId}/${path}`,
    ...{ operationId, tag, summary, description },
    permission: name === 'retry' ? 'payout.propose' : 'payout.stop',
    params: payoutParams,
    body: z
      .strictObject({ reason: text(200).meta({ description: 'Why; it is in the history of the payout.' }) })
      .meta({ id: 'PayoutChange' }),
    example: { reason: 'The seller has asked for it by phone.' },
    answer: { status: 200, description: 'The payout as it is now.', schema: payoutSchema, etag: true },
    refusals: ['PAYOUT_NOT_FOUND', 'PAYOUT_STATE_WRONG', 'AMOUNT_OUT_OF_RANGE', ...more],
    idempotent: true,
    versioned: true,
    handle: (call) => {
      const asked = { payoutId: call.params.payoutId, reason: call.body.reason };
      return changed(call, name, asked, (tx) => act(tx, { caller: call.signedIn }, asked));
    },
  });
};

export const approvePayoutRoute = (): Route =>
  route({
    method: 'post',
    path: '/v1/payouts/{payoutId}/approval',
    operationId: 'approvePayout',
    tag,
    summary: 'Approve a payout as it was seen',
    description:
      'By somebody other than its maker; neither of the two may have given the other the role or a password. The approval names the amount, the bank account and the hash that were seen, and is void as soon as one of them changes.',
    permission: 'payout.approve',
    params: payoutParams,
    body: z
      .strictObject({
        amountMinor: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).meta({ description: 'Minor units.' }),
        bankAccountId: id.meta({ description: 'The bank account that the payout names.' }),
        hash: payoutHash.meta({ description: 'The hash of the payout.' }),
      })
      .meta({ id: 'PayoutApproval' }),
    example: {
      amountMinor: 150_000,
      bankAccountId: 7,
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
    answer: { status: 200, description: 'The payout, approved.', schema: payoutSchema, etag: true },
    refusals: [
      'PAYOUT_NOT_FOUND',
      'PAYOUT_STATE_WRONG',
      'PAYOUT_APPROVER_NOT_SECOND',
      'PAYOUT_CHANGED',
      'SELLER_NOT_FOUND',
      'BANK_ACCOUNT_WAITING',
      'AMOUNT_OUT_OF_RANGE',
    ],
    idempotent: true,
    versioned: true,
    handle: (call) => {
      const { amountMinor, ...seen } = call.body;
      return changed(call, 'approve', call.body, (tx) =>
        approvePayout(
          tx,
          { caller: call.signedIn },
          { ...seen, payoutId: call.params.payoutId, amountMinor: BigInt(amountMinor) },
        ),
      );
    },
  });

export const proposePayoutRoute = ({ db, config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers/{sellerId}/payouts',
    operationId: 'proposePayout',
    tag,
    summary: 'Propose the payout of a seller in one currency',
    description:
      'With `expectedHash` only if it is what `/v1/payout-cases` showed; otherwise PAYOUT_MOVED says what it is now. Whoever proposes does not approve. `POST /v1/payouts` proposes the payouts of all sellers.',
    permission: 'payout.propose',
    params: sellerParams,
    body: z
      .strictObject({
        currency: knownCurrency,
        date: businessDate.optional().meta({ description: 'The date to pay on; absent: today.' }),
        expectedHash: payoutHash.optional().meta({ description: 'The hash of the case that was seen.' }),
      })
      .meta({ id: 'PayoutProposal' }),
    example: { currency: 'KRW' },
    answer: { status: 201, description: 'The payout.', schema: payoutSchema, etag: true },
    refusals: ['PAYOUT_NOT_DUE', 'PAYOUT_MOVED', 'TERMS_UNREADABLE', 'AMOUNT_OUT_OF_RANGE'],
    idempotent: true,
    handle: async ({
      params: { sellerId },
      body: { currency, date: asked, expectedHash },
      signedIn,
      transact,
      audit,
    }) => {
      const date = asked ?? (await readPlatformTime(db, config.timeZone)).date;
      return transact(async (tx) => {
        const account = (await readPayablesOf(tx, sellerId)).find((one) => one.currency === currency);
        if (account === undefined) return refuse('PAYOUT_NOT_DUE', { sellerId, currency, reason: null });
        const maker = await makerOf(tx, { caller: signedIn });
        const proposed = await proposeOne(tx, account, { date, maker, runId: null }, expectedHash);
        if (isRefusal(proposed)) return proposed;
        const { payoutId } = proposed;
        const payout = found(await readPayout(tx, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
        await audit(tx, 'payout.propose', ['payout', payoutId], {
          before: null,
          after: { date, amountMinor: String(payout.amountMinor), hash: payout.hash },
        });
        return created(`/v1/payouts/${payoutId}`, payoutBody(payout, true), payout.version);
      });
    },
  });
