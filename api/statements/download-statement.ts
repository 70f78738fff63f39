/** A statement as a document: GET /v1/statements/{statementId}/statement.csv, .xlsx and .pdf */
import * as z from 'zod';
import { whyStatementNotPaid } from '../../core/payouts/why-statement-not-paid.js';
import { LANGUAGES } from '../../core/statements/documents/words.js';
import type { DocumentFormat } from '../../core/statements/documents/write-document.js';
import { exportStatement } from '../../core/statements/export-statement.js';
import { readStatementHead } from '../../core/statements/stores/statement.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { DOWNLOAD_TYPES, streamedFile } from '../edge/download.js';
import { type Route, route } from '../edge/route.js';
import { ownerOf, tag } from './read-statements.js';
import { statementParams } from './statement-fields.js';

const TYPES = { ...DOWNLOAD_TYPES, pdf: 'application/pdf' } as const satisfies Record<DocumentFormat, string>;
const NAMES = {
  csv: ['downloadStatement', 'CSV'],
  xlsx: ['downloadStatementAsWorkbook', 'a workbook'],
  pdf: ['downloadStatementAsPdf', 'a PDF'],
} as const;

export const downloadStatement = ({ db, config }: ApiContext, format: DocumentFormat): Route =>
  route({
    method: 'get',
    path: `/v1/statements/{statementId}/statement.${format}`,
    operationId: NAMES[format][0],
    tag,
    summary: `Download a statement as ${NAMES[format][1]}`,
    description: 'Byte for byte as `magam statements export` writes it.',
    permission: 'statement.read',
    params: statementParams,
    query: z.strictObject({
      language: z.enum(LANGUAGES).default('ko').meta({ description: 'Of workbook and PDF. CSV is for programs.' }),
      spreadsheetSafe: z.enum(['true', 'false']).default('false').meta({
        description: 'In CSV, keep a spreadsheet from running cells of text as formulas.',
      }),
    }),
    answer: { status: 200, description: 'The document.', contentType: TYPES[format] },
    refusals: ['STATEMENT_NOT_FOUND', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    owner: ownerOf(db),
    handle: async ({ params: { statementId }, query: { language, spreadsheetSafe } }) => {
      found(await readStatementHead(db, statementId), 'STATEMENT_NOT_FOUND', { statementId });
      const { date } = await readPlatformTime(db, config.timeZone);
      const form = { format, language, spreadsheetSafe: spreadsheetSafe === 'true', timeZone: config.timeZone };
      const contentType = format === 'csv' ? `${TYPES.csv}; charset=utf-8; header=present` : TYPES[format];
      return streamedFile(contentType, `statement-${statementId}.${format}`, (sink) =>
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
