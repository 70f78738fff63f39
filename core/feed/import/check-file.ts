/** The first pass: every row is read and checked; only temporary files are written. */

import type { Db } from '../../../infra/database.js';
import type { OutagePatience } from '../../../infra/survive-outage.js';
import type { MagamError } from '../../../kernel/errors.js';
import type { FeedKind } from './feed-kind.js';
import type { FeedRules } from './feed-rules.js';
import { FileRows, type PlacedRows, type RowSource } from './file-rows.js';
import { RepeatedKeys } from './repeated-keys.js';
import { RowStore } from './row-store.js';
import { Understanding } from './understood.js';
import type { UnreadablePlace } from './unreadable.js';
import { Verdicts } from './verdicts.js';

/** A checked file; the caller closes it. */
export class CheckedFile {
  rows = 0;
  readonly verdicts = new Verdicts();
  readonly understanding = new Understanding();
  ignoredColumns: readonly string[] = [];
  endsInLineBreak = true;
  /** Fields of ignored columns with a character that cannot be read: how many, and the first. */
  unreadable: { readonly fields: number; readonly first: UnreadablePlace } | undefined;

  /** @param stored the rows as they were read; undefined where none will be stored */
  constructor(
    readonly file: string,
    readonly stored: RowStore | undefined,
  ) {}

  /** Adds the results of a block that need no other block. */
  add({ block, first }: PlacedRows): void {
    this.rows += block.rows;
    for (const { row, line, faults } of block.faults)
      this.verdicts.reject({ row: first.row + row, line: first.line + line }, ...faults);
    if (block.understood !== null) this.understanding.add(block.understood);
    const [place] = block.unreadable;
    if (place !== undefined) {
      const found = { line: first.line + place.line, column: place.column };
      const fields = (this.unreadable?.fields ?? 0) + block.unreadable.length;
      this.unreadable = { fields, first: this.unreadable?.first ?? found };
    }
    this.stored?.add(block, first);
  }

  close(): void {
    this.verdicts.close();
    this.stored?.close();
  }
}

export interface PassOptions {
  readonly signal: AbortSignal;
  readonly patience: OutagePatience;
  readonly stopped: () => MagamError;
  readonly onProgress: (done: number, total?: number) => void;
}

export interface CheckOptions extends PassOptions {
  readonly source: RowSource;
  /** Sees the bytes of the file as they are read. */
  readonly onChunk: (chunk: Buffer) => void;
  /** Whether the rows will be stored. */
  readonly keepsRows: boolean;
}

/** Checks the whole file under the given rules. The caller closes the result. */
export async function checkFile<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  rules: FeedRules,
  { source, onChunk, keepsRows, ...options }: CheckOptions,
): Promise<CheckedFile> {
  const checked = new CheckedFile(source.file, keepsRows ? new RowStore() : undefined);
  const { verdicts, understanding } = checked;
  const check = kind.check(db, rules, verdicts, options.patience, understanding);
  const keys = new RepeatedKeys(kind.rows.keyColumn);
  const rows = new FileRows(source, onChunk);
  try {
    for await (const placed of rows.blocks()) {
      checked.add(placed);
      keys.add(placed.block.keys, placed.first);
      await check.add(placed);
      options.onProgress(checked.rows);
      if (options.signal.aborted) throw options.stopped();
    }
    checked.ignoredColumns = rows.ignoredColumns;
    checked.endsInLineBreak = rows.endsInLineBreak;
    await keys.rejectIn(verdicts, rows.findRepeats);
    check.finish?.();
    return checked;
  } catch (error) {
    checked.close();
    throw error;
  } finally {
    keys.close();
    check.close?.();
    await rows.close();
  }
}
