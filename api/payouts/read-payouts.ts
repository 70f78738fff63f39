/** Payouts, what they are made of, and when a seller is paid next. A seller sees its own. */
import * as z from 'zod';
import { explainPayout } from '../../core/payouts/explain-payout.js';
import { maskedAccountOf } from '../../core/payouts/payout-details.js';
import { PAYOUT_STATUSES } from '../../core/payouts/rules/transitions.js';
import { listPayouts, readPayout, readStatementsOf } from '../../core/payouts/stores/payout.js';
import { readPayoutEvents } from '../../core/payouts/stores/payout-event.js';
import { readTransfersOf } from '../../core/payouts/stores/provider-transfer.js';
import type { Db } from '../../infra/database.js';
import type { Owner } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { amountMinor, businessDate, externalId, id, knownCurrency, minorOf } from '../edge/fields.js';
import { ok, tagged } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  claimedBody,
  detailsBody,
  payoutBody,
  payoutDetailsSchema,
  payoutParams,
  payoutSchema,
  tag,
} from './payout-fields.js';

/** The owner of a payout. Throws PAYOUT_NOT_FOUND. */
const ownerOf =
  (db: Db) =>
  async ({ params }: { readonly params: { readonly payoutId: number } }): Promise<Owner> => {
    const { sellerId } = found(await readPayout(db, params.payoutId), 'PAYOUT_NOT_FOUND', params);
    return { sellerId };
  };

export const listPayoutsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payouts',
    operationId: 'listPayouts',
    tag,
    summary: 'List payouts',
    description: 'In the order in which they were proposed. A seller sees its own.',
    permission: 'payout.read',
    query: z.strictObject({
      ...pageQuery,
      sellerId: externalId.optional().meta({ description: 'Only those of this seller.' }),
      currency: knownCurrency.optional().meta({ description: 'Only those in this currency (ISO 4217).' }),
      status: z.enum(PAYOUT_STATUSES).optional().meta({ description: 'Only those in this state.' }),
      payoutOn: businessDate.optional().meta({ description: 'Only those that were proposed for this date.' }),
    }),
    answer: { status: 200, description: 'A page of payouts.', schema: pageOf(payoutSchema) },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { limit, cursor, ...filter }, own }) => {
      if (own !== null && filter.sellerId !== undefined && filter.sellerId !== own.sellerId)
        throw new MagamError('FORBIDDEN');
      const sellerId = own === null ? filter.sellerId : (own.sellerId ?? '');
      return paged(
        { limit, cursor },
        {
          name: `payouts ${JSON.stringify({ ...filter, sellerId })}`,
          key: z.tuple([id]),
          read: (after, rows) => listPayouts(db, { ...filter, sellerId, after: after?.[0] }, rows),
          keyOf: ({ payoutId }) => [payoutId],
          itemOf: (payout) => payoutBody(payout, own === null),
        },
      );
    },
  });

export const showPayout = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payouts/{payoutId}',
    operationId: 'readPayout',
    tag,
    summary: 'Show a payout with its statements, its history and its transfers through a provider',
    permission: 'payout.read',
    params: payoutParams,
    answer: { status: 200, description: 'The payout.', schema: payoutDetailsSchema, etag: true },
    refusals: ['PAYOUT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params, own }) => {
      const payout = found(await readPayout(db, params.payoutId), 'PAYOUT_NOT_FOUND', params);
      const bankAccount = await maskedAccountOf(db, payout);
      const statements = await readStatementsOf(db, [payout.payoutId]);
      const history = await readPayoutEvents(db, payout.payoutId);
      const transfers = await readTransfersOf(db, payout.payoutId);
      const parts = { bankAccount, statements, history, transfers };
      return tagged(ok(detailsBody(payout, parts, own === null)), payout.version);
    },
  });

const explanationSchema = z
  .object({
    payoutId: id,
    amountMinor,
    ok: z.boolean().meta({ description: 'The parts add up to what each statement earned, and these to the amount.' }),
    statements: z.array(
      payoutDetailsSchema.shape.statements.element.extend({
        settlements: z.array(
          z.object({
            settledOn: businessDate,
            generation: z.number().int(),
            sales: z.number().int(),
            refunds: z.number().int(),
            netMinor: amountMinor,
            certificate: z.string().nullable(),
          }),
        ),
        transactions: z.array(
          z.object({
            transactionId: id,
            key: z.string(),
            kind: z.string(),
            effectiveOn: businessDate,
            reason: z.string(),
            amountMinor,
            counts: z.boolean().meta({ description: 'False: a payout, which is no part of what was earned.' }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'PayoutExplanation' });

export const explainPayoutRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payouts/{payoutId}/explanation',
    operationId: 'explainPayout',
    tag,
    summary: 'Show every settlement and transaction that a payout is made of',
    description:
      'Settlements name their certificates. `/v1/statements/{statementId}/lines` has the lines of each statement.',
    permission: 'payout.read',
    params: payoutParams,
    answer: { status: 200, description: 'The explanation.', schema: explanationSchema },
    refusals: ['PAYOUT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params }) => {
      const { payout, statements, ok: addsUp } = await explainPayout(db, params.payoutId);
      return ok({
        payoutId: payout.payoutId,
        amountMinor: minorOf(payout.amountMinor),
        ok: addsUp,
        statements: statements.map(({ settlements, items, ...claimed }) => ({
          ...claimedBody(claimed),
          settlements: settlements.map((one) => ({ ...one, netMinor: minorOf(one.netMinor) })),
          transactions: items.map((one) => ({ ...one, amountMinor: minorOf(one.amountMinor) })),
        })),
      });
    },
  });
