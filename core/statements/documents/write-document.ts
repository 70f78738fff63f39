/** Writes a statement in one of its forms. */
import { type Sink, writeCsv } from '../../settlement/export-rows.js';
import type { StatementDocument } from './statement-document.js';
import { movementColumns, movements } from './tables.js';
import type { Language } from './words.js';

export const DOCUMENT_FORMATS = ['csv', 'xlsx', 'pdf'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

export interface DocumentForm {
  readonly format: DocumentFormat;
  /** The language of PDF and workbook; CSV is for programs. */
  readonly language: Language;
  /** In CSV, keep a spreadsheet from running cells of text as formulas. */
  readonly spreadsheetSafe: boolean;
  /** Of the platform. */
  readonly timeZone: string;
}

/** Loaded only for a workbook or a PDF. */
export async function writeStatementDocument(
  document: StatementDocument,
  { format, language, spreadsheetSafe, timeZone }: DocumentForm,
  sink: Sink,
): Promise<void> {
  if (format === 'csv') return writeCsv(movementColumns, movements(document), spreadsheetSafe, sink);
  if (format === 'xlsx') {
    const { writeStatementWorkbook } = await import('./workbook.js');
    return writeStatementWorkbook(document, language, timeZone, sink);
  }
  const { writeStatementPdf } = await import('./pdf.js');
  return writeStatementPdf(document, language, timeZone, sink);
}
