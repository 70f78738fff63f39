/** Lists the parked entries of a run, each with its whole entry of the feed. */

import * as z from 'zod';
import { legName } from '../../core/feed/rules/leg.js';
import { columnOf, ENTRY_FIGURES } from '../../core/settlement/rules/figures.js';
import { type ExceptionRecord, readExceptionPage } from '../../core/settlement/stores/exception.js';
import { findSettlementRunById } from '../../core/settlement/stores/settlement-run.js';
import { isoTime } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { amountMinor, businessDate, eachMinor, id, moment } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { generation, runParams } from './run-fields.js';

const querySchema = z.strictObject({
  code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'must be a code of the error registry')
    .optional()
    .meta({ description: 'Only entries that were parked for this reason.', example: 'POLICY_MISSING' }),
  all: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Include entries that a supplement has settled since.' }),
  ...pageQuery,
});

const amounts = {
  currency: z.string(),
  ...eachMinor(ENTRY_FIGURES, () => amountMinor),
  importId: id.nullable(),
};

const saleSchema = z
  .object({
    orderId: z.string(),
    lineId: z.string(),
    sellerId: z.string(),
    productId: z.string(),
    category: z.string(),
    quantity: z.number().int(),
    unitPriceMinor: amountMinor,
    ...amounts,
    orderedOn: businessDate,
    confirmedOn: businessDate,
  })
  .meta({ id: 'FeedSale' });

const refundSchema = z
  .object({
    refundId: z.string(),
    quantity: z.number().int(),
    priorQuantity: z.number().int().meta({ description: 'Units that earlier refunds of the sale took.' }),
    ...amounts,
    originalOn: businessDate.meta({ description: 'Settlement date of the sale.' }),
    refundedOn: businessDate,
    reason: z.string(),
  })
  .meta({ id: 'FeedRefund' });

const exceptionSchema = z
  .object({
    leg: z.enum(['sale', 'refund']),
    entryId: id,
    code: z.string(),
    details: z.unknown().meta({ description: 'The details of the code for this entry.' }),
    generation,
    parkedAt: moment,
    settledGeneration: generation.nullable().meta({ description: 'The supplement that settled it; null: parked.' }),
    sale: saleSchema
      .nullable()
      .meta({ description: "The entry, or the refund's sale; null when it is no longer in the feed." }),
    refund: refundSchema.nullable(),
  })
  .meta({ id: 'RunException' });

export const listExceptions = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs/{runId}/exceptions',
    operationId: 'listExceptions',
    tag: 'Runs',
    summary: 'List the parked entries of a run',
    permission: 'run.read',
    params: runParams,
    query: querySchema,
    answer: { status: 200, description: 'A page of parked entries.', schema: pageOf(exceptionSchema) },
    refusals: ['RUN_NOT_FOUND'],
    handle: async ({ params: { runId }, query: { code, all, ...asked } }) => {
      const run = found(await findSettlementRunById(db, runId), 'RUN_NOT_FOUND', { runId });
      return paged(asked, {
        name: 'exceptions',
        key: z.tuple([z.number().int(), id]),
        read: (key, limit) => {
          const after = key && { leg: key[0], entryId: key[1] };
          return readExceptionPage(db, { date: run.date, code, all: all === 'true', after }, limit);
        },
        keyOf: ({ leg, entryId }) => [leg, entryId],
        itemOf: exceptionBody,
      });
    },
  });

const exceptionBody = (record: ExceptionRecord): z.input<typeof exceptionSchema> => ({
  leg: legName(record.leg),
  entryId: record.entryId,
  code: record.code,
  details: parsed(record.details),
  generation: record.generation,
  parkedAt: isoTime(record.parkedAt),
  settledGeneration: record.settledGeneration,
  sale: record.sale === null ? null : saleBody(record.sale),
  refund: record.refund === null ? null : refundBody(record.refund),
});

type Entry = NonNullable<ExceptionRecord['sale']>;

const amountsOf = (entry: Entry) => ({
  currency: String(entry.currency),
  ...eachMinor(ENTRY_FIGURES, (name) => Number(entry[columnOf(name)])),
  importId: entry.import_id === null ? null : Number(entry.import_id),
});

const saleBody = (entry: Entry): z.input<typeof saleSchema> => ({
  orderId: String(entry.order_id),
  lineId: String(entry.line_id),
  sellerId: String(entry.seller_id),
  productId: String(entry.product_id),
  category: String(entry.category),
  quantity: Number(entry.quantity),
  unitPriceMinor: Number(entry.unit_price),
  ...amountsOf(entry),
  orderedOn: String(entry.ordered_on),
  confirmedOn: String(entry.occurred_on),
});

const refundBody = (entry: Entry): z.input<typeof refundSchema> => ({
  refundId: String(entry.refund_id),
  quantity: Number(entry.quantity),
  priorQuantity: Number(entry.prior_quantity),
  ...amountsOf(entry),
  originalOn: String(entry.original_on),
  refundedOn: String(entry.occurred_on),
  reason: String(entry.reason),
});

function parsed(details: string): unknown {
  try {
    return JSON.parse(details);
  } catch {
    return details; // cut off at the width of its column
  }
}
