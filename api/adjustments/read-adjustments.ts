/** Entries of two people, and what sellers owe. */
import * as z from 'zod';
import { ADJUSTMENT_STATUSES, DISPUTES } from '../../core/adjustments/rules/adjustment.js';
import { listAdjustments, readAdjustment } from '../../core/adjustments/stores/adjustment.js';
import { listReceivables, type Receivable } from '../../core/adjustments/stores/receivable.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { amountMinor, businessDate, currency, externalId, id, minorOf } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { adjustmentBody, adjustmentParams, adjustmentSchema, tag } from './adjustment-fields.js';

export const listAdjustmentsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/adjustments',
    operationId: 'listAdjustments',
    tag,
    summary: 'List adjustments, chargebacks and write-offs',
    description: 'The newest first.',
    permission: 'adjustment.read',
    query: z.strictObject({
      ...pageQuery,
      sellerId: externalId.optional().meta({ description: 'Only those of this seller.' }),
      status: z.enum(ADJUSTMENT_STATUSES).optional().meta({ description: 'Only those in this state.' }),
      dispute: z.enum(DISPUTES).optional().meta({ description: 'Only chargebacks whose dispute is in this state.' }),
    }),
    answer: { status: 200, description: 'A page of entries.', schema: pageOf(adjustmentSchema) },
    handle: async ({ query: { limit, cursor, ...filter } }) =>
      paged(
        { limit, cursor },
        {
          name: `adjustments ${JSON.stringify(filter)}`,
          key: z.tuple([id]),
          read: (after, rows) => listAdjustments(db, { ...filter, before: after?.[0] }, rows),
          keyOf: ({ adjustmentId }) => [adjustmentId],
          itemOf: adjustmentBody,
        },
      ),
  });

export const showAdjustment = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/adjustments/{adjustmentId}',
    operationId: 'readAdjustment',
    tag,
    summary: 'Show an entry',
    permission: 'adjustment.read',
    params: adjustmentParams,
    answer: { status: 200, description: 'The entry.', schema: adjustmentSchema },
    refusals: ['ADJUSTMENT_NOT_FOUND'],
    handle: async ({ params }) =>
      ok(adjustmentBody(found(await readAdjustment(db, params.adjustmentId), 'ADJUSTMENT_NOT_FOUND', params))),
  });

const receivableSchema = z
  .object({
    sellerId: z.string(),
    currency,
    owedMinor: amountMinor,
    to30Minor: amountMinor.meta({ description: 'Owed for up to 30 days.' }),
    to60Minor: amountMinor.meta({ description: 'Owed for 31 to 60 days.' }),
    to90Minor: amountMinor.meta({ description: 'Owed for 61 to 90 days.' }),
    over90Minor: amountMinor.meta({ description: 'Owed for more than 90 days.' }),
    oldestOn: businessDate.nullable().meta({ description: 'The date of the oldest debt that is left.' }),
  })
  .meta({ id: 'Receivable' });

const receivableBody = (one: Receivable): z.input<typeof receivableSchema> => ({
  ...one,
  owedMinor: minorOf(one.owedMinor),
  to30Minor: minorOf(one.to30Minor),
  to60Minor: minorOf(one.to60Minor),
  to90Minor: minorOf(one.to90Minor),
  over90Minor: minorOf(one.over90Minor),
});

export const listReceivablesRoute = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/receivables',
    operationId: 'listReceivables',
    tag,
    summary: 'List what sellers owe, by age',
    description: 'At the end of a business date, by seller and currency.',
    permission: 'adjustment.read',
    query: z.strictObject({
      ...pageQuery,
      at: businessDate.optional().meta({ description: 'The date; absent: today.' }),
      sellerId: externalId.optional().meta({ description: 'Only what this seller owes.' }),
    }),
    answer: { status: 200, description: 'A page of receivables.', schema: pageOf(receivableSchema) },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { limit, cursor, sellerId, ...query } }) => {
      const at = query.at ?? (await readPlatformTime(db, config.timeZone)).date;
      return paged(
        { limit, cursor },
        {
          name: `receivables ${at} ${sellerId ?? ''}`,
          key: z.tuple([externalId, currency]),
          read: (after, rows) =>
            listReceivables(db, at, { sellerId, after: after && { sellerId: after[0], currency: after[1] } }, rows),
          keyOf: (one) => [one.sellerId, one.currency],
          itemOf: receivableBody,
        },
      );
    },
  });
