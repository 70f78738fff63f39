/** Entries of two people: one proposes, another one posts or refuses. */
import * as z from 'zod';
import {
  approveAdjustment,
  cancelAdjustment,
  type Decision,
  loseDispute,
  refuseAdjustment,
} from '../../core/adjustments/decide-adjustment.js';
import { type Acting, proposeAdjustment, proposeUndoing } from '../../core/adjustments/propose-adjustment.js';
import type { AdjustmentRecord } from '../../core/adjustments/stores/adjustment.js';
import type { Tx } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { type ErrorCode, isRefusal, type Refusal } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { businessDate, externalId, id, namedCurrency, text } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { adjustmentBody, adjustmentParams, adjustmentSchema, tag } from './adjustment-fields.js';

const actingIn = async (
  { db, config }: ApiContext,
  { signedIn, requestId }: Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'requestId'>,
): Promise<Acting> => ({
  person: { caller: signedIn },
  requestId,
  today: (await readPlatformTime(db, config.timeZone)).date,
});

const amount = z.number().int().max(Number.MAX_SAFE_INTEGER);
const given = {
  reference: externalId.meta({
    description: 'Your own name for the entry. The same proposal again is the same entry.',
  }),
  reasonCode: z.string().max(32).meta({ description: 'One of the codes of its kind (docs/adjustments.md).' }),
  reason: text(200),
  attachment: text(255).nullable().default(null).meta({ description: 'Where its documents are.' }),
  askedOn: businessDate
    .nullable()
    .default(null)
    .meta({ description: 'The business date of the entry; null: the date of its posting.' }),
};
const ofSeller = {
  ...given,
  sellerId: externalId,
  currency: namedCurrency,
  amountMinor: amount.min(1).meta({ description: 'Minor units.' }),
};

const proposalSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.enum(['TO_SELLER', 'FROM_SELLER', 'WRITE_OFF']), ...ofSeller }),
    z.strictObject({
      kind: z.literal('CHARGEBACK'),
      ...ofSeller,
      provider: z.string().max(16).meta({ description: 'In capitals.', example: 'TOSS' }),
      orderId: externalId.nullable().default(null),
      paymentId: externalId.nullable().default(null),
      feeMinor: amount.min(0).default(0).meta({ description: 'What the provider charges (minor units).' }),
      feeBy: z.enum(['SELLER', 'PLATFORM']).nullable().default(null).meta({ description: 'Who bears the fee.' }),
    }),
    z.strictObject({
      kind: z.literal('CHARGEBACK_WON'),
      ...given,
      undoesId: id.meta({ description: 'The chargeback.' }),
      feeReturned: z.boolean().default(false).meta({ description: 'The provider gives its fee back, too.' }),
    }),
    z.strictObject({ kind: z.literal('REVERSAL'), ...given, undoesId: id.meta({ description: 'The entry.' }) }),
  ])
  .meta({ id: 'AdjustmentProposal' });

const NO_CHARGEBACK = { provider: null, orderId: null, paymentId: null, feeMinor: 0, feeBy: null } as const;

function proposed(tx: Tx, acting: Acting, made: z.output<typeof proposalSchema>) {
  if (made.kind === 'CHARGEBACK_WON') return proposeUndoing(tx, acting, made);
  if (made.kind === 'REVERSAL') return proposeUndoing(tx, acting, { ...made, feeReturned: true });
  return proposeAdjustment(tx, acting, { ...NO_CHARGEBACK, ...made });
}

export const proposeAdjustmentRoute = (context: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/adjustments',
    operationId: 'proposeAdjustment',
    tag,
    summary: 'Propose an adjustment, a chargeback, a write-off, or the reversal of one',
    description: 'Nothing is posted until another person approves it.',
    permission: 'adjustment.propose',
    body: proposalSchema,
    example: {
      kind: 'TO_SELLER',
      reference: 'CASE-2026-118',
      sellerId: 'seller-000001',
      currency: 'KRW',
      amountMinor: 15_000,
      reasonCode: 'GOODWILL',
      reason: 'The parcel was lost in our warehouse.',
    },
    answer: {
      status: 201,
      description: 'The entry; also when it was proposed before with the same content.',
      schema: adjustmentSchema,
    },
    refusals: [
      'ADJUSTMENT_INVALID',
      'ADJUSTMENT_EXISTS_OTHERWISE',
      'ADJUSTMENT_NOT_FOUND',
      'ADJUSTMENT_NOT_UNDOABLE',
      'ADJUSTMENT_DATE_CLOSED',
      'CURRENCY_UNKNOWN',
      'DISPUTE_NOT_OPEN',
      'SELLER_NOT_FOUND',
      'TERMS_UNREADABLE',
      'WRITE_OFF_EXCEEDS_DEBT',
      'WRITE_OFF_NOT_IN_TERMS',
    ],
    idempotent: true,
    handle: async (call) => {
      const acting = await actingIn(context, call);
      return call.transact(async (tx) => {
        const outcome = await proposed(tx, acting, call.body);
        if (isRefusal(outcome)) return outcome;
        const { adjustment } = outcome;
        return created(`/v1/adjustments/${adjustment.adjustmentId}`, adjustmentBody(adjustment));
      });
    },
  });

const DECIDED = ['ADJUSTMENT_INVALID', 'ADJUSTMENT_NOT_FOUND', 'ADJUSTMENT_DECIDED'] as const;

const DECISIONS = {
  approval: {
    act: approveAdjustment,
    operationId: 'approveAdjustment',
    permission: 'adjustment.approve',
    summary: 'Post an entry that another person has proposed',
    description: 'Neither of the two may have given the other the role or a password.',
    refusals: [
      ...DECIDED,
      'APPROVER_NOT_SECOND',
      'ADJUSTMENT_NOT_UNDOABLE',
      'ADJUSTMENT_DATE_CLOSED',
      'DISPUTE_NOT_OPEN',
      'LEDGER_ACCOUNT_CLOSED',
      'LEDGER_LIMIT_EXCEEDED',
      'TERMS_UNREADABLE',
      'WRITE_OFF_EXCEEDS_DEBT',
      'WRITE_OFF_NOT_IN_TERMS',
    ],
  },
  refusal: {
    act: refuseAdjustment,
    operationId: 'refuseAdjustment',
    permission: 'adjustment.approve',
    summary: 'Turn down an entry that another person has proposed',
    description: 'Nothing is posted.',
    refusals: [...DECIDED, 'APPROVER_NOT_SECOND'],
  },
  cancellation: {
    act: cancelAdjustment,
    operationId: 'cancelAdjustment',
    permission: 'adjustment.propose',
    summary: 'Take back an entry that you have proposed',
    description: 'Nothing is posted.',
    refusals: [...DECIDED, 'ADJUSTMENT_PROPOSER_ONLY'],
  },
} as const satisfies Record<
  string,
  {
    readonly act: (tx: Tx, acting: Acting, decision: Decision) => Promise<AdjustmentRecord | Refusal>;
    readonly refusals: readonly ErrorCode[];
    readonly [rest: string]: unknown;
  }
>;

export const decideAdjustmentRoute = (context: ApiContext, name: keyof typeof DECISIONS): Route => {
  const { act, operationId, permission, summary, description, refusals } = DECISIONS[name];
  return route({
    method: 'post',
    path: `/v1/adjustments/{adjustmentId}/${name}`,
    ...{ operationId, tag, summary, description, permission },
    params: adjustmentParams,
    body: z
      .strictObject({ note: text(200).nullable().default(null).meta({ description: 'Kept with the decision.' }) })
      .meta({ id: 'AdjustmentDecision' }),
    example: { note: 'Checked against the documents of the case.' },
    answer: { status: 200, description: 'The entry as it is now.', schema: adjustmentSchema },
    refusals,
    idempotent: true,
    handle: async (call) => {
      const acting = await actingIn(context, call);
      const decision = { adjustmentId: call.params.adjustmentId, note: call.body.note };
      return call.transact(async (tx) => {
        const entry = await act(tx, acting, decision);
        return isRefusal(entry) ? entry : ok(adjustmentBody(entry));
      });
    },
  });
};

export const loseDisputeRoute = (context: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/adjustments/{adjustmentId}/loss',
    operationId: 'loseDispute',
    tag,
    summary: 'Record that the dispute about a chargeback is lost',
    description: 'The posting of the chargeback stays.',
    permission: 'adjustment.propose',
    params: adjustmentParams,
    answer: { status: 200, description: 'The chargeback.', schema: adjustmentSchema },
    refusals: ['ADJUSTMENT_NOT_FOUND', 'DISPUTE_NOT_OPEN'],
    idempotent: true,
    handle: async (call) => {
      const acting = await actingIn(context, call);
      return call.transact(async (tx) => {
        const entry = await loseDispute(tx, acting, call.params.adjustmentId);
        return isRefusal(entry) ? entry : ok(adjustmentBody(entry));
      });
    },
  });
