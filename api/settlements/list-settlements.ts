/** What each seller is owed for each date, as pages or as CSV. */
import * as z from 'zod';
import { exportSettlements, requireExportable } from '../../core/settlement/settlement-export.js';
import type { SettlementSelection } from '../../core/settlement/stores/export-stream.js';
import { readSettlementPage, type SettledRow } from '../../core/settlement/stores/line-page.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { pageOf, pageQuery, readPage } from '../edge/cursor.js';
import { businessDate, externalId } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { dateStates, statesOf } from './date-states.js';
import { csvDownload } from './download.js';
import { dateOfRun, formQuery, selectionQuery, sellerOf, wantsCsv } from './selection.js';
import { amountOf, settledAmounts, settledFigures } from './settled-fields.js';

const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters');

const querySchema = z
  .strictObject({
    ...selectionQuery,
    from: businessDate.optional().meta({ description: 'The first date, with `to`, instead of `date`.' }),
    to: businessDate.optional().meta({ description: 'The last date.' }),
    currency: currency.optional(),
    ...formQuery,
    ...pageQuery,
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before from',
  });

const settlementSchema = z
  .object({
    date: businessDate,
    sellerId: externalId,
    currency,
    sales: z.number().int(),
    refunds: z.number().int(),
    ...settledAmounts,
    generation: z.number().int().meta({ description: 'The last that added to it.' }),
  })
  .meta({ id: 'Settlement' });

export const listSettlements = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/settlements',
    tag: 'Settlements',
    summary: 'List what each seller is owed for each date',
    description:
      'By date, seller and currency; refunds are deducted. Name the dates by `date`, by `from` and `to`, or by `runId`. Only certified figures are ' +
      'shown. The CSV is byte for byte that of `magam settlements`, with amounts in major units.',
    permission: 'settlement.read',
    query: querySchema,
    answer: {
      status: 200,
      description: 'A page of settlements, or all of the selection as CSV.',
      schema: pageOf(settlementSchema).extend(dateStates),
      alsoAs: ['text/csv'],
    },
    refusals: ['RUN_NOT_FOUND', 'DATE_NOT_SETTLED', 'AMOUNT_OUT_OF_RANGE', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ query: asked, own, request }) => {
      const sellerId = sellerOf(own, asked.sellerId);
      const dates = await datesOf(asked, (runId) => dateOfRun(db, runId));
      const selection: SettlementSelection = { ...dates, sellerId, currency: asked.currency ?? null };
      if (wantsCsv(request, asked.format)) {
        await requireExportable(db, selection.from, selection.to);
        const name = ['settlements', selection.from, ...(selection.to === selection.from ? [] : [selection.to])];
        return csvDownload(
          [...name, ...(sellerId === null ? [] : [sellerId])].join('-'),
          asked.spreadsheetSafe === 'true',
          (form, sink) => exportSettlements(db, selection, form, sink),
        );
      }
      const states = await statesOf(db, dates);
      const page = await readPage(asked, {
        name: 'settlements',
        key: z.tuple([businessDate, externalId, currency]),
        read: (key, limit) => {
          const after = key && { date: key[0], sellerId: key[1], currency: key[2] };
          return readSettlementPage(db, selection, after, limit);
        },
        keyOf: (row) => [String(row.settled_on), String(row.seller_id), String(row.currency)],
        itemOf: settlementBody,
      });
      return ok({ ...page, ...states });
    },
  });

/** The dates that the query names. Throws REQUEST_INVALID when it names none, or names them in two ways. */
async function datesOf(
  { date, from, to, runId }: z.output<typeof querySchema>,
  dateOf: (runId: number) => Promise<string>,
): Promise<{ from: string; to: string }> {
  const ways = [date, from ?? to, runId].filter((way) => way !== undefined).length;
  if (ways !== 1 || (from === undefined) !== (to === undefined)) {
    throw new MagamError('REQUEST_INVALID', 'Name the dates in one way: by date, by from and to, or by runId.');
  }
  if (from !== undefined && to !== undefined) return { from, to };
  const only = date ?? (await dateOf(runId as number));
  return { from: only, to: only };
}

const settlementBody = (row: SettledRow): z.input<typeof settlementSchema> => ({
  date: String(row.settled_on),
  sellerId: String(row.seller_id),
  currency: String(row.currency),
  sales: amountOf(row, 'sales'),
  refunds: amountOf(row, 'refunds'),
  ...settledFigures(row),
  generation: Number(row.generation),
});
