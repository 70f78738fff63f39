/**
 * Downloads as CSV. Each holds a database connection for as long as its reader takes, so that only a few may go on at a time
 * (open-streams.ts); a reader that takes nothing for a minute is cut off.
 */

import type { ExportForm, Sink } from '../../core/settlement/settlement-export.js';
import { pacedWriter } from '../edge/paced-writer.js';
import type { StreamedReply } from '../edge/reply.js';

const STALL_MS = 60_000;

/** A download under a file name; `produce` writes it. */
export const csvDownload = (
  name: string,
  spreadsheetSafe: boolean,
  produce: (form: ExportForm, sink: Sink) => Promise<unknown>,
): StreamedReply => ({
  status: 200,
  kind: 'download',
  contentType: 'text/csv; charset=utf-8; header=present',
  headers: { 'Content-Disposition': `attachment; filename="${fileName(name)}"` },
  write: async (out, ended) => {
    const stalled = new AbortController();
    const signal = AbortSignal.any([ended, stalled.signal]);
    const write = pacedWriter(out, signal);
    const sink: Sink = async (text) => {
      const timer = setTimeout(() => stalled.abort(new Error('the reader of a download takes nothing')), STALL_MS);
      await write(text).finally(() => clearTimeout(timer));
    };
    const patienceSeconds = (2 * STALL_MS) / 1000;
    await produce({ format: 'csv', spreadsheetSafe, patienceSeconds, signal }, sink);
  },
});

/** Letters, digits, dots, dashes: nothing that a header or a file system reads as something else. */
const fileName = (name: string): string => `${name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 120)}.csv`;
