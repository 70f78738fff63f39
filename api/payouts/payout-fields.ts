/** Payouts in JSON. Sellers see neither who has acted nor why. */
import * as z from 'zod';
import type { Candidate } from '../../core/payouts/pay-cases.js';
import type { MaskedAccount } from '../../core/payouts/payout-details.js';
import { transferReference } from '../../core/payouts/rules/transfer-reference.js';
import { TRANSFER_STATUSES } from '../../core/payouts/rules/transfer-state.js';
import { PAYOUT_STATUSES } from '../../core/payouts/rules/transitions.js';
import type { ClaimedStatement, Payout } from '../../core/payouts/stores/payout.js';
import type { PayoutEvent } from '../../core/payouts/stores/payout-event.js';
import type { ShownTransfer } from '../../core/payouts/stores/provider-transfer.js';
import { NOT_PAID_REASONS } from '../../core/statements/rules/not-paid.js';
import { amountMinor, businessDate, currency, externalId, id, idText, minorOf, moment } from '../edge/fields.js';

export const tag = 'Payouts';
export const payoutParams = z.strictObject({ payoutId: idText.meta({ description: 'The payout.' }) });
export const sellerParams = z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) });
export const payoutHash = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const reason = z.enum(NOT_PAID_REASONS);

const hash = z.string().meta({ description: 'SHA-256 of its content, hexadecimal.' });

const payoutFields = {
  payoutId: id,
  sellerId: z.string(),
  currency,
  payoutOn: businessDate.meta({ description: 'The date for which it was proposed.' }),
  amountMinor,
  status: z.enum(PAYOUT_STATUSES),
  bankAccountId: id,
  attempt: z.number().int().min(1),
  hash,
  version: z.number().int().min(1),
  proposedAt: moment,
  updatedAt: moment,
  decision: z
    .object({
      proposedBy: z.string(),
      approvedBy: z.string().nullable(),
      approvedAt: moment.nullable(),
    })
    .nullable()
    .meta({ description: 'Who has proposed and approved it. Null: the caller is no operator.' }),
};

export const payoutSchema = z.object(payoutFields).meta({ id: 'Payout' });

const claimedSchema = z.object({
  statementId: id,
  number: z.number().int().min(1),
  periodFrom: businessDate,
  closesOn: businessDate,
  earnedMinor: amountMinor,
  hash,
});

/** What names an attempt through a provider. */
export const transferNames = {
  reference: z.string().meta({ description: 'Names the attempt at the provider: `P12-1`.' }),
  attempt: z.number().int().min(1),
  provider: z.string(),
};

export const payoutDetailsSchema = z
  .object({
    ...payoutFields,
    bankAccount: z
      .object({ bankCode: z.string(), accountHolder: z.string(), accountNumberMasked: z.string() })
      .nullable(),
    statements: z.array(claimedSchema),
    history: z.array(
      z.object({
        happenedAt: moment,
        action: z.string(),
        from: z.enum(PAYOUT_STATUSES).nullable(),
        to: z.enum(PAYOUT_STATUSES),
        attempt: z.number().int().min(1),
        actor: z.string().nullable().meta({ description: 'Null: the caller is no operator.' }),
        reason: z.string().nullable().meta({ description: 'Null: the caller is no operator.' }),
      }),
    ),
    transfers: z
      .array(
        z.object({
          ...transferNames,
          status: z.enum(TRANSFER_STATUSES),
          asked: z.boolean().meta({ description: 'False: nothing has left yet, and a runner sends it.' }),
          looks: z.number().int().meta({ description: 'How often the provider was asked what became of it.' }),
          failure: z.string().nullable(),
          saidCode: z.string().nullable().meta({ description: "The provider's own code." }),
          saidMessage: z.string().nullable().meta({ description: "The provider's own words." }),
          paidOn: businessDate.nullable(),
          nextLookAt: moment.nullable().meta({ description: 'Null: nobody deals with it any more.' }),
          updatedAt: moment,
        }),
      )
      .nullable()
      .meta({ description: 'Its attempts through a provider. Null: the caller is no operator.' }),
  })
  .meta({ id: 'PayoutDetails' });

export const payoutBody = (
  { maker, proposedBy, approval, ...payout }: Payout,
  forStaff: boolean,
): z.input<typeof payoutSchema> => ({
  ...payout,
  amountMinor: minorOf(payout.amountMinor),
  decision: forStaff
    ? {
        proposedBy: maker?.name ?? proposedBy,
        approvedBy: approval?.by ?? null,
        approvedAt: approval?.at ?? null,
      }
    : null,
});

export const claimedBody = ({ payoutId: _, ...claimed }: ClaimedStatement): z.input<typeof claimedSchema> => ({
  ...claimed,
  earnedMinor: minorOf(claimed.earnedMinor),
});

export const detailsBody = (
  payout: Payout,
  {
    bankAccount,
    statements,
    history,
    transfers,
  }: {
    readonly bankAccount: MaskedAccount | null;
    readonly statements: readonly ClaimedStatement[];
    readonly history: readonly PayoutEvent[];
    readonly transfers: readonly ShownTransfer[];
  },
  forStaff: boolean,
): z.input<typeof payoutDetailsSchema> => ({
  ...payoutBody(payout, forStaff),
  bankAccount,
  statements: statements.map(claimedBody),
  history: history.map(({ happenedAt, action, from, to, attempt, actor, reason: why }) => ({
    ...{ happenedAt, action, from, to, attempt },
    actor: forStaff ? actor : null,
    reason: forStaff ? why : null,
  })),
  transfers: forStaff
    ? transfers.map((one) => ({ ...one, reference: transferReference(payout.payoutId, one.attempt) }))
    : null,
});

const plainDetails = z.record(z.string(), z.unknown());

export const notPaidSchema = z.object({ reason, details: plainDetails }).meta({ id: 'NotPaid' });

/** What the details of a reason or a change say. Sellers are not told in whose words their payouts are held. */
export function detailsOf(
  details: Readonly<Record<string, unknown>>,
  forStaff: boolean,
): Readonly<Record<string, unknown>> {
  const shown = Object.entries(details).filter(([name]) => forStaff || name !== 'hold');
  return Object.fromEntries(
    shown.map(([name, value]) => [name, typeof value === 'bigint' ? minorOf(value) : amountOf(name, value)]),
  );
}

/** Amounts that a rule writes as text are numbers in JSON. */
const amountOf = (name: string, value: unknown): unknown =>
  name.endsWith('Minor') && typeof value === 'string' ? minorOf(BigInt(value)) : value;

export const caseSchema = z
  .object({
    sellerId: z.string(),
    currency,
    date: businessDate,
    amountMinor: amountMinor.meta({
      description: 'The sum of the due statements that no payout has claimed.',
    }),
    bankAccountId: id.nullable(),
    hash: hash.nullable().meta({ description: 'The hash that the payout gets. Null: no account may be paid to.' }),
    notPaid: notPaidSchema.nullable().meta({ description: 'Null: the next proposal makes a payout of it.' }),
    statements: z.array(claimedSchema),
  })
  .meta({ id: 'PayoutCase' });

export const caseBody = (
  { sellerId, currency: code, known, hash: text, notPaid, statements }: Candidate,
  date: string,
  forStaff: boolean,
): z.input<typeof caseSchema> => ({
  ...{ sellerId, currency: code, date, bankAccountId: known.bankAccountId, hash: text },
  amountMinor: minorOf(known.amountMinor),
  notPaid: notPaid === undefined ? null : { reason: notPaid.reason, details: detailsOf(notPaid.details, forStaff) },
  statements: statements.map(({ statementId, number, periodFrom, closesOn, earnedMinor, hash: of }) => ({
    ...{ statementId, number, periodFrom, closesOn, earnedMinor: minorOf(earnedMinor), hash: of },
  })),
});
