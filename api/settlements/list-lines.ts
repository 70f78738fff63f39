/** Settled lines: as pages, and as CSV or a workbook at separate addresses. */

import * as z from 'zod';
import { legName } from '../../core/feed/rules/leg.js';
import { VAT_MODES } from '../../core/policies/rules/fee-policy.js';
import { readPoliciesById } from '../../core/policies/stores/fee-policy.js';
import { exportLines, requireExportable } from '../../core/settlement/settlement-export.js';
import { readCertifiedGeneration } from '../../core/settlement/stores/export-stream.js';
import {
  type LinePosition,
  readLinePage,
  readOrderLines,
  type SettledRow,
} from '../../core/settlement/stores/line-page.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { pageOf, pageQuery, readPage } from '../edge/cursor.js';
import { DOWNLOAD_TYPES, type DownloadFormat, download } from '../edge/download.js';
import { businessDate, externalId, id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { dateStates, statesOf } from './date-states.js';
import { dateOfRun, downloadQuery, selectionQuery, sellerOf } from './selection.js';
import { settledAmounts, settledFigures } from './settled-fields.js';

const linesQuery = {
  ...selectionQuery,
  orderId: externalId.optional().meta({ description: 'Only lines of this order.' }),
};

const querySchema = z.strictObject({ ...linesQuery, ...pageQuery });
const downloadSchema = z.strictObject({ ...linesQuery, ...downloadQuery });

const lineSchema = z
  .object({
    date: businessDate,
    generation: z.number().int(),
    leg: z.enum(['sale', 'refund']),
    entryId: id,
    orderId: z.string(),
    lineId: z.string(),
    refundId: z.string().nullable(),
    sellerId: z.string(),
    currency: z.string(),
    quantity: z.number().int(),
    ...settledAmounts,
    feeVatMode: z.enum(VAT_MODES),
    policyCode: z.string(),
    policyVersion: z.number().int(),
  })
  .meta({ id: 'SettledLine' });

export const listLines = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/lines',
    operationId: 'listLines',
    tag: 'Settlements',
    summary: 'List settled lines',
    description:
      'Name a `date`, a `runId` or an `orderId`. Sales come before refunds, each by the id of its entry in the feed. Only certified lines are shown. ' +
      '`/v1/lines.csv` and `/v1/lines.xlsx` have all lines of a date at once.',
    permission: 'settlement.read',
    query: querySchema,
    exampleQuery: { date: '2026-02-16' },
    answer: { status: 200, description: 'A page of lines.', schema: pageOf(lineSchema).extend(dateStates) },
    refusals: ['RUN_NOT_FOUND', 'POLICY_UNREADABLE'],
    handle: async ({ query: asked, own }) => {
      const sellerId = sellerOf(own, asked.sellerId);
      const orderId = asked.orderId ?? null;
      const date = await dateOf(db, asked);
      const states = await statesOf(db, date === null ? null : { from: date, to: date });
      const page = await readPage(asked, {
        name: 'lines',
        key: z.tuple([businessDate, z.number().int(), id]),
        read: async (key, limit) => {
          const after = key && { date: key[0], leg: key[1], entryId: key[2] };
          const rows = await readRows(db, { date, sellerId, orderId }, after, limit);
          const lineOf = await lineReader(db, rows);
          return rows.map((row) => ({ row, line: lineOf(row) }));
        },
        keyOf: ({ row }) => [String(row.settled_on), Number(row.leg), Number(row.entry_id)],
        itemOf: ({ line }) => line,
      });
      return ok({ ...page, ...states });
    },
  });

export const downloadLines = ({ db }: ApiContext, format: DownloadFormat): Route =>
  route({
    method: 'get',
    path: `/v1/lines.${format}`,
    operationId: format === 'csv' ? 'downloadLines' : 'downloadLinesAsWorkbook',
    tag: 'Settlements',
    summary: `Download the settled lines of a date as ${format === 'csv' ? 'CSV' : 'a workbook'}`,
    description:
      'Name a `date` or a `runId`. Byte for byte as `magam lines` writes it in this format: sorted by order, line and refund, amounts in major units; the workbook also has the totals of each currency.',
    permission: 'settlement.read',
    query: downloadSchema,
    exampleQuery: { date: '2026-02-16' },
    answer: { status: 200, description: 'The lines.', contentType: DOWNLOAD_TYPES[format] },
    refusals: ['RUN_NOT_FOUND', 'DATE_NOT_SETTLED', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ query: asked, own }) => {
      const sellerId = sellerOf(own, asked.sellerId);
      const orderId = asked.orderId ?? null;
      const date = await dateOf(db, asked);
      if (date === null) throw new MagamError('REQUEST_INVALID', 'A download of lines needs a date or a runId.');
      await requireExportable(db, date, date);
      const name = ['lines', date, ...[sellerId, orderId].filter((part) => part !== null)].join('-');
      return download(format, name, asked.spreadsheetSafe === 'true', (form, sink) =>
        exportLines(db, { date, sellerId, orderId }, form, sink),
      );
    },
  });

/** The date that the query names, if any. Throws REQUEST_INVALID when it names neither a date nor an order. */
async function dateOf(
  db: Db,
  { date, runId, orderId }: Omit<z.output<typeof downloadSchema>, 'spreadsheetSafe'>,
): Promise<string | null> {
  if (date !== undefined && runId !== undefined) {
    throw new MagamError('REQUEST_INVALID', 'Name the date by date or by runId, not by both.');
  }
  if (runId !== undefined) return dateOfRun(db, runId);
  if (date === undefined && orderId === undefined) {
    throw new MagamError('REQUEST_INVALID', 'Name a date, a runId or an orderId.');
  }
  return date ?? null;
}

async function readRows(
  db: Db,
  selection: { date: string | null; sellerId: string | null; orderId: string | null },
  after: LinePosition | undefined,
  limit: number,
): Promise<SettledRow[]> {
  const { date, sellerId, orderId } = selection;
  if (orderId !== null) return readOrderLines(db, orderId, { date, sellerId }, after, limit);
  if (date === null) return [];
  const generation = await readCertifiedGeneration(db, date);
  return generation === 0 ? [] : readLinePage(db, { date, sellerId }, generation, after, limit);
}

/** A writer of lines that knows their policies. */
async function lineReader(
  db: Db,
  rows: readonly SettledRow[],
): Promise<(row: SettledRow) => z.input<typeof lineSchema>> {
  const ids = [...new Set(rows.map((row) => Number(row.policy_id)))];
  const stored = ids.length === 0 ? [] : await readPoliciesById(db, ids);
  const policies = new Map(stored.map(({ policyId, policy }) => [policyId, policy]));
  return (row) => {
    const policy = found(policies.get(Number(row.policy_id)), 'POLICY_UNREADABLE', { policyId: row.policy_id });
    return {
      date: String(row.settled_on),
      generation: Number(row.generation),
      leg: legName(row.leg === 0 ? 0 : 1),
      entryId: Number(row.entry_id),
      orderId: String(row.order_id),
      lineId: String(row.line_id),
      refundId: row.leg === 0 ? null : String(row.refund_id),
      sellerId: String(row.seller_id),
      currency: String(row.currency),
      quantity: Number(row.quantity),
      ...settledFigures(row),
      feeVatMode: policy.vat.mode,
      policyCode: policy.code,
      policyVersion: policy.version,
    };
  };
}
