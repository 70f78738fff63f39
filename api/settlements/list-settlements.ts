/** What each seller is owed for each date: as pages, and as CSV or a workbook at separate addresses. */
import * as z from 'zod';
import { exportSettlements, requireExportable } from '../../core/settlement/settlement-export.js';
import type { SettlementSelection } from '../../core/settlement/stores/export-stream.js';
import { readSettlementPage, type SettledRow } from '../../core/settlement/stores/line-page.js';
import type { Db } from '../../infra/database.js';
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { pageOf, pageQuery, readPage } from '../edge/cursor.js';
import { DOWNLOAD_TYPES, type DownloadFormat, download } from '../edge/download.js';
import { businessDate, externalId, knownCurrency } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { dateStates, statesOf } from './date-states.js';
import { dateOfRun, downloadQuery, selectionQuery, sellerOf } from './selection.js';
import { amountOf, feeVatAmounts, feeVatOf, settledAmounts, settledFigures } from './settled-fields.js';

const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters');

export const settlementsQuery = {
  ...selectionQuery,
  from: businessDate.optional().meta({ description: 'The first date, with `to`, instead of `date`.' }),
  to: businessDate.optional().meta({ description: 'The last date.' }),
  currency: knownCurrency.optional().meta({ description: 'Only amounts in this currency (ISO 4217).' }),
};

export const inOrder = ({
  from,
  to,
}: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): boolean => from === undefined || to === undefined || from <= to;
export const notInOrder = { path: ['to'], message: 'must not be before from' };

const querySchema = z.strictObject({ ...settlementsQuery, ...pageQuery }).refine(inOrder, notInOrder);
const downloadSchema = z.strictObject({ ...settlementsQuery, ...downloadQuery }).refine(inOrder, notInOrder);

const settlementSchema = z
  .object({
    date: businessDate,
    sellerId: externalId,
    currency,
    sales: z.number().int(),
    refunds: z.number().int(),
    ...settledAmounts,
    ...feeVatAmounts,
    generation: z.number().int().meta({ description: 'The last generation that added to it.' }),
  })
  .meta({ id: 'Settlement' });

export const listSettlements = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/settlements',
    operationId: 'listSettlements',
    tag: 'Settlements',
    summary: 'List what each seller is owed for each date',
    description:
      'By date, seller and currency; refunds are deducted. Name the dates by `date`, by `from` and `to`, or by `runId`. Only certified figures are ' +
      'shown. `/v1/settlements.csv` and `/v1/settlements.xlsx` have the whole selection at once.',
    permission: 'settlement.read',
    query: querySchema,
    exampleQuery: { date: '2026-02-16' },
    answer: { status: 200, description: 'A page of settlements.', schema: pageOf(settlementSchema).extend(dateStates) },
    refusals: ['RUN_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: asked, own }) => {
      const selection = await selectionOf(db, asked, own);
      const states = await statesOf(db, selection);
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

export const downloadSettlements = ({ db }: ApiContext, format: DownloadFormat): Route =>
  route({
    method: 'get',
    path: `/v1/settlements.${format}`,
    operationId: format === 'csv' ? 'downloadSettlements' : 'downloadSettlementsAsWorkbook',
    tag: 'Settlements',
    summary: `Download as ${format === 'csv' ? 'CSV' : 'a workbook'} what each seller is owed for each date`,
    description:
      'The whole selection, named as for `/v1/settlements`, byte for byte as `magam settlements` writes it in this format, with amounts in major units. The workbook also separates the two kinds of VAT on fees, and has the totals of each currency.',
    permission: 'settlement.read',
    query: downloadSchema,
    exampleQuery: { date: '2026-02-16' },
    answer: { status: 200, description: 'The settlements.', contentType: DOWNLOAD_TYPES[format] },
    refusals: ['RUN_NOT_FOUND', 'DATE_NOT_SETTLED', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ query: asked, own }) => {
      const selection = await selectionOf(db, asked, own);
      const { from, to, sellerId } = selection;
      await requireExportable(db, from, to);
      const name = ['settlements', from, ...(to === from ? [] : [to]), ...(sellerId === null ? [] : [sellerId])];
      return download(format, name.join('-'), asked.spreadsheetSafe === 'true', (form, sink) =>
        exportSettlements(db, selection, form, sink),
      );
    },
  });

type AskedSelection = Omit<z.output<typeof downloadSchema>, 'spreadsheetSafe'>;

/** The selection of the query, for this caller. Throws REQUEST_INVALID, RUN_NOT_FOUND or FORBIDDEN. */
export async function selectionOf(db: Db, asked: AskedSelection, own: Caller | null): Promise<SettlementSelection> {
  const sellerId = sellerOf(own, asked.sellerId);
  const dates = await datesOf(asked, (runId) => dateOfRun(db, runId));
  return { ...dates, sellerId, currency: asked.currency ?? null };
}

/** The dates that the query names. Throws REQUEST_INVALID when it names none, or names them in two ways. */
async function datesOf(
  { date, from, to, runId }: AskedSelection,
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
  ...feeVatOf(row),
  generation: Number(row.generation),
});
