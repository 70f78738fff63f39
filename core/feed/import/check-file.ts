/** The first pass: every row is read and looked at; nothing is written. */

import type { Db } from '../../../infra/database.js';
import type { MagamError } from '../../../kernel/errors.js';
import type { FeedKind } from './feed-kind.js';
import type { FeedRules } from './feed-rules.js';
import type { DateReader } from './field-reader.js';
import { type FileRow, type RowSource, readFileRows } from './file-rows.js';
import { RepeatedKeys } from './repeated-keys.js';
import type { ReadRow } from './row-batch.js';
import { type Coverage, Understanding } from './understood.js';
import type { UnreadableField } from './unreadable.js';
import { Verdicts } from './verdicts.js';

/** Rows looked up at a time. */
const GROUP_ROWS = 900;

export interface CheckedFile {
  readonly rows: number;
  readonly verdicts: Verdicts;
  readonly ignoredColumns: readonly string[];
  readonly understanding: Understanding;
  /** Fields of ignored columns that hold a character that cannot be read: how many, and the first. */
  readonly unreadable: { readonly fields: number; readonly first: UnreadableField } | undefined;
  /** The file as it was read. */
  readonly source: RowSource;
}

export interface PassOptions {
  readonly source: RowSource;
  readonly dateOf: DateReader;
  readonly signal: AbortSignal;
  readonly stopped: () => MagamError;
  readonly onProgress: (done: number, total?: number) => void;
}

/** Looks at the whole file under the given rules. The caller closes the verdicts. */
export async function checkFile<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  rules: FeedRules,
  options: PassOptions & { readonly covers: Coverage },
): Promise<CheckedFile> {
  const verdicts = new Verdicts();
  const understanding = new Understanding(options.covers);
  const check = kind.check(db, rules, verdicts, understanding);
  const keys = new RepeatedKeys(kind.keyColumn);
  let rows = 0;
  let ignoredColumns: readonly string[] = [];
  let unreadable: CheckedFile['unreadable'];
  let lookingUp: Promise<void> = Promise.resolve();
  let group: ReadRow<Entry>[] = [];
  const lookUp = async (): Promise<void> => {
    await lookingUp; // one at a time and in file order, while the next rows are parsed
    lookingUp = check.add(group);
    lookingUp.catch(() => undefined); // awaited with the next group
    group = [];
  };
  const observer = {
    onChunk: () => undefined,
    onIgnoredColumns: (columns: readonly string[]) => {
      ignoredColumns = columns;
    },
    onUnreadable: (field: UnreadableField) => {
      unreadable = { fields: (unreadable?.fields ?? 0) + 1, first: unreadable?.first ?? field };
    },
  };
  try {
    for await (const part of readFileRows(options.source, observer)) {
      for (const fileRow of part) {
        rows += 1;
        const key = fileRow.values === undefined ? undefined : kind.keyOf(fileRow.values);
        if (key !== undefined) keys.add(key, fileRow);
        const row = readRow(kind, fileRow, options.dateOf, verdicts);
        if (row !== undefined) group.push(row);
        if (group.length >= GROUP_ROWS) await lookUp();
      }
      options.onProgress(rows);
      if (options.signal.aborted) throw options.stopped();
    }
    await lookUp();
    await lookingUp;
    keys.rejectIn(verdicts);
    check.finish?.();
    return { rows, verdicts, ignoredColumns, understanding, unreadable, source: options.source };
  } catch (error) {
    verdicts.close();
    throw error;
  } finally {
    await lookingUp.catch(() => undefined);
    keys.close();
    check.close?.();
  }
}

function readRow<Entry>(
  kind: FeedKind<Entry>,
  { row, line, values, fieldCount }: FileRow,
  dateOf: DateReader,
  verdicts: Verdicts,
): ReadRow<Entry> | undefined {
  if (values === undefined) {
    verdicts.reject({ row, line }, { column: '', code: 'COLUMN_COUNT', value: String(fieldCount) });
    return undefined;
  }
  const read = kind.read(values, dateOf);
  if ('faults' in read) {
    verdicts.reject({ row, line }, ...read.faults);
    return undefined;
  }
  return { row, line, values, entry: read.entry };
}
