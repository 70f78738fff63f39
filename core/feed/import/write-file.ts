/** The second pass: what the first one accepted is read again and written, batch by batch. */
import { createHash } from 'node:crypto';
import type { Db } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import type { CheckedFile, PassOptions } from './check-file.js';
import type { FeedKind } from './feed-kind.js';
import { readFileRows } from './file-rows.js';
import type { OpenImport } from './import-record.js';
import type { Races, ReadRow } from './row-batch.js';

/** The record moves on at least once in this many rows, also where there is nothing to write. */
const STEP_ROWS = 50_000;

/**
 * Writes the rows from `open.rowsDone` on. One batch is stored while the next is read. Throws FILE_CHANGED when the file is
 * not the one whose hash is `fileHash`; the caller withdraws the import then.
 */
export async function writeFile<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  open: OpenImport,
  checked: CheckedFile,
  fileHash: string,
  races: Races,
  options: PassOptions,
): Promise<void> {
  const hash = createHash('sha256');
  const changed = (): MagamError => new MagamError('FILE_CHANGED', undefined, { file: checked.source.file });
  let from = open.rowsDone;
  let rows: ReadRow<Entry>[] = [];
  let writing: Promise<void> = Promise.resolve();
  const writeUpTo = async (to: number): Promise<void> => {
    await writing;
    options.onProgress(open.rowsDone, checked.rows);
    if (options.signal.aborted) throw options.stopped();
    writing = kind.write(db, open, { from, to, rows }, races);
    writing.catch(() => undefined); // awaited with the next batch
    from = to;
    rows = [];
  };
  try {
    for await (const part of readFileRows(checked.source, { onChunk: (chunk) => hash.update(chunk) })) {
      for (const { row, line, values } of part) {
        if (row < from) continue;
        if (row >= checked.rows) throw changed();
        if (!checked.verdicts.skips(row)) {
          const read = values === undefined ? undefined : kind.read(values, options.dateOf);
          if (values === undefined || read === undefined || 'faults' in read) throw changed();
          rows.push({ row, line, values, entry: read.entry });
        }
        if (rows.length >= kind.batchRows || row + 1 - from >= STEP_ROWS) await writeUpTo(row + 1);
      }
    }
    if (hash.digest('hex') !== fileHash) throw changed();
    if (from < checked.rows) await writeUpTo(checked.rows);
  } finally {
    await writing.catch(() => undefined);
  }
  await writing;
  options.onProgress(open.rowsDone, checked.rows);
}
