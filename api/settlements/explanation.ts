/** An explanation as JSON. It names only policies whose scope contains the line: general ones and those of its own seller. */
import * as z from 'zod';
import type { LineExplanation, Replay } from '../../core/settlement/explain-line.js';
import { ENTRY_FIGURES, FIGURE_NAMES, type Figures } from '../../core/settlement/rules/figures.js';
import type { RefundStory, SaleStory, StoredOutcome } from '../../core/settlement/stores/line-story.js';
import { isoTime } from '../../infra/database.js';
import { amountMinor, businessDate, eachMinor, id, moment } from '../edge/fields.js';
import { settledAmounts } from './settled-fields.js';

const figures = z.object(settledAmounts).meta({ id: 'Figures' });

const entryAmounts = {
  entryId: id,
  quantity: z.number().int(),
  ...eachMinor(ENTRY_FIGURES, () => amountMinor),
};

const policyKey = z.object({ code: z.string(), version: z.number().int() });

const STATES = ['SETTLED', 'PARKED', 'NOT_SETTLED'] as const;
type State = (typeof STATES)[number];

const outcome = {
  state: z.enum(STATES),
  settledOn: businessDate,
  generation: z.number().int().nullable(),
  certificate: z.string().nullable().meta({ description: 'Hash; null while the generation is not certified.' }),
  exception: z.object({ code: z.string(), details: z.string(), parkedAt: moment }).nullable(),
  policyRevision: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'The policy book that was used; null: the policies known now.' }),
  scopes: z
    .array(
      z.object({
        scope: z.string(),
        candidates: z.array(
          policyKey.extend({
            effectiveFrom: businessDate,
            inForceThrough: businessDate.nullable(),
            inForce: z.boolean(),
          }),
        ),
      }),
    )
    .nullable()
    .meta({
      description:
        'The most specific first; the first that is in force applies. Null for a refund, to which the policy of its sale applies.',
    }),
  policy: policyKey.nullable(),
  refusal: z.object({ code: z.string(), details: z.record(z.string(), z.unknown()) }).nullable(),
  steps: z.array(
    z.object({
      symbol: z.string(),
      name: z.string(),
      formula: z.string(),
      exact: z
        .string()
        .nullable()
        .meta({ description: 'Before rounding: an integer or a fraction n/d of minor units.' }),
      value: z.number().nullable().meta({ description: 'Minor units, or a count where `counts` is true.' }),
      counts: z.boolean(),
    }),
  ),
  replayed: figures.nullable(),
  stored: figures.nullable(),
  equal: z.boolean().nullable().meta({ description: 'Null if nothing is stored.' }),
  differences: z.array(
    z.object({
      what: z.string(),
      expected: z.union([z.string(), z.number()]),
      actual: z.union([z.string(), z.number()]),
    }),
  ),
};

export const explanationSchema = z
  .object({
    orderId: z.string(),
    lineId: z.string(),
    currency: z.string(),
    ok: z.boolean().meta({ description: 'All stored figures equal their replay.' }),
    sale: z.object({
      entry: z.object({
        sellerId: z.string(),
        productId: z.string(),
        category: z.string(),
        orderedOn: businessDate,
        confirmedOn: businessDate,
        unitPriceMinor: amountMinor,
        ...entryAmounts,
      }),
      ...outcome,
    }),
    refunds: z.array(
      z.object({
        refundId: z.string(),
        entry: z.object({
          refundedOn: businessDate,
          reason: z.string(),
          priorQuantity: z.number().int(),
          ...entryAmounts,
        }),
        ...outcome,
      }),
    ),
  })
  .meta({ id: 'LineExplanation' });

export function explanationBody({ ok, sale, refunds }: LineExplanation): z.input<typeof explanationSchema> {
  const { stored } = sale;
  return {
    orderId: stored.orderId,
    lineId: stored.lineId,
    currency: stored.currency,
    ok,
    sale: {
      entry: {
        sellerId: stored.sellerId,
        productId: stored.productId,
        category: stored.category,
        orderedOn: stored.orderedOn,
        confirmedOn: stored.occurredOn,
        unitPriceMinor: stored.unitPrice,
        ...amountsOf(stored),
      },
      ...outcomeOf(stored, sale.replay),
    },
    refunds: refunds.map((refund) => ({
      refundId: refund.stored.refundId,
      entry: {
        refundedOn: refund.stored.occurredOn,
        reason: refund.stored.reason,
        priorQuantity: refund.stored.priorQuantity,
        ...amountsOf(refund.stored),
      },
      ...outcomeOf(refund.stored, refund.replay),
    })),
  };
}

const amountsOf = (stored: SaleStory | RefundStory) => ({
  entryId: stored.entryId,
  quantity: stored.quantity,
  ...eachMinor(ENTRY_FIGURES, (name) => stored[name]),
});

function outcomeOf(stored: StoredOutcome & { readonly settledOn: string }, replay: Replay) {
  const { line, exception } = stored;
  const state: State = line !== null ? 'SETTLED' : exception !== null ? 'PARKED' : 'NOT_SETTLED';
  return {
    state,
    settledOn: stored.settledOn,
    generation: line?.generation ?? null,
    certificate: line?.certificateHash ?? null,
    exception: exception === null ? null : { ...exception, parkedAt: isoTime(exception.parkedAt) },
    policyRevision: replay.policyRevision,
    scopes: replay.scopes === null ? null : scopesOf(replay.scopes),
    policy: replay.policy,
    refusal: replay.refusal === null ? null : { code: replay.refusal.refused, details: { ...replay.refusal.details } },
    steps: [...replay.steps],
    replayed: replay.figures === null ? null : figuresOf(replay.figures),
    stored: line === null ? null : figuresOf(line.figures),
    equal: line === null ? null : replay.differences.length === 0,
    differences: replay.differences.map(({ what, expected, actual }) => ({
      what: (FIGURE_NAMES as readonly string[]).includes(what) ? `${what}Minor` : what,
      expected,
      actual,
    })),
  };
}

const scopesOf = (scopes: NonNullable<Replay['scopes']>) =>
  scopes.map(({ scope, candidates }) => ({
    scope,
    candidates: candidates.map(({ policyId: _id, ...candidate }) => candidate),
  }));

const figuresOf = (all: Figures): z.input<typeof figures> => eachMinor(FIGURE_NAMES, (name) => all[name]);
