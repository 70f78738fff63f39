/**
 * Keys that occur more than once in one file. Every row's key is noted while the file is read, in buckets that go to temporary
 * files, so memory stays flat; an import that is gone on with reads the whole file again, so it finds the same repeats.
 */
import { Spool } from './spool.js';
import type { RowPlace, Verdicts } from './verdicts.js';

/** The keys of a bucket are in memory at once: of ten million rows about 80,000. */
export const KEY_BUCKETS = 128;
/** Pieces that wait in memory: some megabytes. */
const PIECES_MAX = 4_096;

/** What a block notes of a row; row and line count from the block's first. */
export const keyRecord = (key: string, row: number, line: number): string => `${key}\t${row}\t${line}\n`;

/** A row whose key an earlier row has, and the line of that one. */
export interface Repeat extends RowPlace {
  readonly key: string;
  readonly firstLine: number;
}

/**
 * The repeats among the records of a bucket, in the order of the file. Before the records of each block stands where the block begins, in a line that
 * begins with a tab; no key does. A key of a sale has a tab of its own.
 */
export function findRepeats(records: string): Repeat[] {
  const firstLines = new Map<string, number>();
  const repeats: Repeat[] = [];
  let [firstRow, firstLine] = [0, 0];
  for (let at = 0; at < records.length; ) {
    const end = records.indexOf('\n', at);
    const lineAt = records.lastIndexOf('\t', end) + 1;
    const rowAt = records.lastIndexOf('\t', lineAt - 2) + 1;
    const [row, line] = [Number(records.slice(rowAt, lineAt - 1)), Number(records.slice(lineAt, end))];
    if (rowAt === at + 1) [firstRow, firstLine] = [row, line];
    else {
      const key = records.slice(at, rowAt - 1);
      const known = firstLines.get(key);
      if (known === undefined) firstLines.set(key, firstLine + line);
      else repeats.push({ key, row: firstRow + row, line: firstLine + line, firstLine: known });
    }
    at = end + 1;
  }
  return repeats;
}

export class RepeatedKeys {
  private readonly spool = new Spool(PIECES_MAX);

  /** @param column the column that a fault is noted under */
  constructor(private readonly column: string) {}

  /** Notes the keys of a block, by bucket; blocks come in the order of the file. */
  add(keys: readonly string[], first: RowPlace): void {
    for (const [bucket, records] of keys.entries())
      if (records !== '') this.spool.add(bucket, `\t${first.row}\t${first.line}\n${records.slice(0, -1)}`);
  }

  /** Rejects every row whose key an earlier row has, naming both: two rows of one key may be two things sold. */
  async rejectIn(verdicts: Verdicts, find: (records: string) => Promise<readonly Repeat[]>): Promise<void> {
    // One after the other: a bucket is some megabytes.
    for (const bucket of this.spool.buckets())
      for (const { row, line, key, firstLine } of await find(this.spool.text(bucket))) {
        const value = `${key.replace('\t', ' ')} (first on line ${firstLine})`;
        verdicts.reject({ row, line }, { column: this.column, code: 'ROW_REPEATED', value });
      }
  }

  close(): void {
    this.spool.close();
  }
}
