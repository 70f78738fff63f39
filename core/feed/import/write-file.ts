/** The second pass writes the rows that the first one accepted, batch by batch. */
import type { Db } from '../../../infra/database.js';
import { probeRowWriter, type RowWriter } from '../../../infra/stores/row-writer.js';
import { survivingOutage } from '../../../infra/survive-outage.js';
import { MagamError } from '../../../kernel/errors.js';
import type { CheckedFile, PassOptions } from './check-file.js';
import { hashOfFile } from './csv-file.js';
import type { FeedKind } from './feed-kind.js';
import type { OpenImport } from './import-record.js';
import type { Races } from './row-batch.js';
import type { StoredRow } from './row-store.js';

/** The record moves on at least once in this many rows, also where there is nothing to write. */
const STEP_ROWS = 50_000;

/**
 * Writes the rows from `open.rowsDone` on. One batch is stored while the next is made ready, or sent. Throws FILE_CHANGED when the file is no longer
 * the one whose hash is `fileHash`; the caller withdraws the import then.
 */
export async function writeFile<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  open: OpenImport,
  checked: CheckedFile,
  fileHash: string,
  races: Races,
  options: PassOptions & { readonly writer: RowWriter | 'auto' },
): Promise<void> {
  const writer =
    options.writer === 'auto' ? await survivingOutage(open.patience, () => probeRowWriter(db)) : options.writer;
  let from = open.rowsDone;
  let rows: StoredRow[] = [];
  let writing: Promise<void> = Promise.resolve();
  const writeUpTo = async (to: number): Promise<void> => {
    const turn = writing;
    if (!kind.inTurn) await turn;
    if (options.signal.aborted) throw options.stopped();
    writing = kind.write(db, open, { from, to, rows }, races, { after: kind.inTurn ? turn : undefined, writer });
    writing.catch(() => undefined); // awaited with the next batch
    from = to;
    rows = [];
    await turn;
    options.onProgress(open.rowsDone, checked.rows);
  };
  try {
    for (const block of checked.stored?.blocks() ?? []) {
      for (const stored of block) {
        if (stored.row < from) continue;
        if (!checked.verdicts.skips(stored.row)) rows.push(stored);
        if (rows.length >= kind.batchRows || stored.row + 1 - from >= STEP_ROWS) await writeUpTo(stored.row + 1);
      }
    }
    if (from < checked.rows) await writeUpTo(checked.rows);
  } finally {
    await writing.catch(() => undefined);
  }
  await writing;
  options.onProgress(open.rowsDone, checked.rows);
  if ((await hashOfFile(checked.file)) !== fileHash)
    throw new MagamError('FILE_CHANGED', undefined, { file: checked.file });
}
