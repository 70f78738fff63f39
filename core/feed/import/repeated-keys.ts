/**
 * Keys that occur more than once in one file. Every row's key is noted while the file is read, in buckets that go to temporary
 * files, so memory stays flat; an import that is gone on with reads the whole file again, so it finds the same repeats.
 */
import { bucketOf, Spool } from './spool.js';
import type { RowPlace, Verdicts } from './verdicts.js';

/** The keys of a bucket are in memory at once: of ten million rows about 80,000. */
const BUCKETS = 128;

export class RepeatedKeys {
  private readonly spool = new Spool();

  /** @param column the column that a fault is noted under */
  constructor(private readonly column: string) {}

  /** Notes the key of a row; rows come in the order of the file. */
  add(key: string, { row, line }: RowPlace): void {
    this.spool.add(bucketOf(key, BUCKETS), `${key}\t${row}\t${line}`);
  }

  /** Rejects every row whose key an earlier row has, naming both: two rows of one key may be two things sold. */
  rejectIn(verdicts: Verdicts): void {
    for (const bucket of this.spool.buckets()) {
      const firstLines = new Map<string, string>();
      for (const record of this.spool.read(bucket)) {
        const [key = '', row, line = ''] = splitFromEnd(record);
        const firstLine = firstLines.get(key);
        if (firstLine === undefined) firstLines.set(key, line);
        else {
          const value = `${key.replace('\t', ' ')} (first on line ${firstLine})`;
          verdicts.reject(
            { row: Number(row), line: Number(line) },
            { column: this.column, code: 'ROW_REPEATED', value },
          );
        }
      }
    }
  }

  close(): void {
    this.spool.close();
  }
}

/** A key of a sale has a tab of its own. */
function splitFromEnd(record: string): [key: string, row: string, line: string] {
  const lineAt = record.lastIndexOf('\t');
  const rowAt = record.lastIndexOf('\t', lineAt - 1);
  return [record.slice(0, rowAt), record.slice(rowAt + 1, lineAt), record.slice(lineAt + 1)];
}
