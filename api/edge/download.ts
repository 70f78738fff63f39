/**
 * Downloads as CSV or as a workbook. Each holds a database connection until its reader has everything, so only a few may run at a time (open-streams.ts). A reader that takes
 * nothing for a minute is cut off.
 */

import type { ExportForm, Sink } from '../../core/settlement/export-rows.js';
import { pacedWriter } from './paced-writer.js';
import type { StreamedReply } from './reply.js';

/** The formats that a whole selection can be downloaded in, and their content types. */
export const DOWNLOAD_TYPES = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;
export type DownloadFormat = keyof typeof DOWNLOAD_TYPES;

const STALL_MS = 60_000;

/** A download under a file name; `produce` writes it. */
export const download = (
  format: DownloadFormat,
  name: string,
  spreadsheetSafe: boolean,
  produce: (form: ExportForm, sink: Sink) => Promise<unknown>,
): StreamedReply =>
  streamedFile(contentTypeOf(format), `${fileName(name)}.${format}`, (sink, signal) =>
    produce({ format, spreadsheetSafe, patienceSeconds: (2 * STALL_MS) / 1000, signal }, sink),
  );

/** The content type of a download in the format. */
export const contentTypeOf = (format: DownloadFormat): string =>
  format === 'csv' ? `${DOWNLOAD_TYPES.csv}; charset=utf-8; header=present` : DOWNLOAD_TYPES[format];

/** A file of any type, which `produce` writes piece by piece. @param name a name without characters that have a meaning in a header or a file system */
export const streamedFile = (
  contentType: string,
  name: string,
  produce: (sink: Sink, signal: AbortSignal) => Promise<unknown>,
): StreamedReply => ({
  status: 200,
  kind: 'download',
  contentType,
  headers: { 'Content-Disposition': `attachment; filename="${name}"` },
  write: async (out, ended) => {
    const stalled = new AbortController();
    const signal = AbortSignal.any([ended, stalled.signal]);
    const write = pacedWriter(out, signal);
    const sink: Sink = async (chunk) => {
      const timer = setTimeout(() => stalled.abort(new Error('the reader of a download does not read')), STALL_MS);
      await write(chunk).finally(() => clearTimeout(timer));
    };
    await produce(sink, signal);
  },
});

/** Letters, digits, dots and dashes, which have no special meaning in a header or a file system. */
const fileName = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 120);
