/** A statement, or the draft of a running period, as a document: CSV, a workbook, a PDF. */
import * as z from 'zod';
import { businessCalendar } from '../../core/business-days/keep-calendar.js';
import { whyStatementNotPaid } from '../../core/payouts/why-statement-not-paid.js';
import { LANGUAGES } from '../../core/statements/documents/words.js';
import type { DocumentForm, DocumentFormat } from '../../core/statements/documents/write-document.js';
import { exportDraft, exportStatement } from '../../core/statements/export-statement.js';
import { readStatementHead } from '../../core/statements/stores/statement.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { DOWNLOAD_TYPES, streamedFile } from '../edge/download.js';
import { businessDate, externalId, knownCurrency } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { ownerOf, tag } from './read-statements.js';
import { statementParams } from './statement-fields.js';

const TYPES = { ...DOWNLOAD_TYPES, pdf: 'application/pdf' } as const satisfies Record<DocumentFormat, string>;
const NAMES = {
  csv: ['', 'CSV'],
  xlsx: ['AsWorkbook', 'a workbook'],
  pdf: ['AsPdf', 'a PDF'],
} as const;

const formQuery = {
  language: z.enum(LANGUAGES).default('ko').meta({ description: 'Of workbook and PDF. CSV is for programs.' }),
  spreadsheetSafe: z.enum(['true', 'false']).default('false').meta({
    description: 'In CSV, keep a spreadsheet from running cells of text as formulas.',
  }),
};

const formOf = (
  format: DocumentFormat,
  { language, spreadsheetSafe }: z.output<z.ZodObject<typeof formQuery>>,
  timeZone: string,
): DocumentForm => ({ format, language, spreadsheetSafe: spreadsheetSafe === 'true', timeZone });

const contentTypeOf = (format: DocumentFormat): string =>
  format === 'csv' ? `${TYPES.csv}; charset=utf-8; header=present` : TYPES[format];

export const downloadStatement = ({ db, config }: ApiContext, format: DocumentFormat): Route =>
  route({
    method: 'get',
    path: `/v1/statements/{statementId}/statement.${format}`,
    operationId: `downloadStatement${NAMES[format][0]}`,
    tag,
    summary: `Download a statement as ${NAMES[format][1]}`,
    description: 'Byte for byte as `magam statements export` writes it.',
    permission: 'statement.read',
    params: statementParams,
    query: z.strictObject(formQuery),
    answer: { status: 200, description: 'The document.', contentType: TYPES[format] },
    refusals: ['STATEMENT_NOT_FOUND', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    owner: ownerOf(db),
    handle: async ({ params: { statementId }, query }) => {
      found(await readStatementHead(db, statementId), 'STATEMENT_NOT_FOUND', { statementId });
      const { date } = await readPlatformTime(db, config.timeZone);
      const form = formOf(format, query, config.timeZone);
      return streamedFile(contentTypeOf(format), `statement-${statementId}.${format}`, (sink) =>
        exportStatement(
          db,
          {
            ...{ statementId, platform: config.platform, form },
            whyNotPaid: (view, statement) => whyStatementNotPaid(view, statement, date),
          },
          sink,
        ),
      );
    },
  });

export const downloadDraft = ({ db, config }: ApiContext, format: DocumentFormat): Route =>
  route({
    method: 'get',
    path: `/v1/sellers/{sellerId}/statement-drafts/{currency}/statement.${format}`,
    operationId: `downloadStatementDraft${NAMES[format][0]}`,
    tag,
    summary: `Download the draft of a running period as ${NAMES[format][1]}`,
    description:
      'What closing the period now would issue, marked as a preview. Byte for byte as `magam statements export --seller` writes it. Nothing is stored.',
    permission: 'statement.read',
    params: z.strictObject({
      sellerId: externalId.meta({ description: 'The seller.' }),
      currency: knownCurrency.meta({ description: 'The currency of the draft (ISO 4217).' }),
    }),
    query: z.strictObject({
      at: businessDate.optional().meta({ description: 'The period that holds this date; absent: today.' }),
      ...formQuery,
    }),
    answer: { status: 200, description: 'The document.', contentType: TYPES[format] },
    refusals: [
      'STATEMENT_NOT_FOUND',
      'STATEMENT_SELLER_UNKNOWN',
      'STATEMENT_PERIOD_ENDLESS',
      'TERMS_MISSING',
      'TERMS_UNREADABLE',
      'BUSINESS_DAY_UNKNOWN',
      'STREAMS_EXHAUSTED',
      'STREAM_SHARE_USED',
    ],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: async ({ params: { sellerId, currency }, query }) => {
      const at = query.at ?? (await readPlatformTime(db, config.timeZone)).date;
      const calendar = await businessCalendar(db);
      const draft = { sellerId, currency, at, calendar, platform: config.platform };
      return streamedFile(contentTypeOf(format), `statement-draft-${currency}-${at}.${format}`, (sink) =>
        exportDraft(db, { ...draft, form: formOf(format, query, config.timeZone) }, sink),
      );
    },
  });
