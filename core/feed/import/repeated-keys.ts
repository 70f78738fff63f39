/**
 * Keys that occur more than once in one file. Every row's key is noted while the file is read, in buckets that go to temporary
 * files, so memory stays flat. A continued import reads the whole file again, so it finds the same repeats.
 */
import { bucketOf, Spool } from './spool.js';
import type { RowPlace, Verdicts } from './verdicts.js';

/** The keys of one bucket are in memory at once: about 80,000 for ten million rows. */
const KEY_BUCKETS = 128;
/** Pieces that wait in memory: some megabytes. */
const PIECES_MAX = 4_096;

/** The noted keys of a block by bucket: those of bucket n stand from `starts[n]` to `starts[n + 1]`. */
export interface BlockKeys {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** The longest key is two ids and a tab; the numbers of a row and of its line have at most this many digits. */
const NOTE_BYTES_MAX = 2 * 64 + 1 + 2 * 8 + 3;

/** Notes the keys of the rows of a block; rows and lines count from the block's first. */
export class KeyNotes {
  private bytes = Buffer.allocUnsafeSlow(256 * 1024);
  private readonly notes: { readonly bucket: number; readonly from: number; readonly to: number }[] = [];
  private at = 0;

  add(key: string, row: number, line: number): void {
    if (this.bytes.length - this.at < NOTE_BYTES_MAX) this.bytes = Buffer.concat([this.bytes], 2 * this.bytes.length);
    const from = this.at;
    this.at += this.bytes.write(`${key}\t${row}\t${line}\n`, from, 'latin1');
    this.notes.push({ bucket: bucketOf(key, KEY_BUCKETS), from, to: this.at });
  }

  taken(): BlockKeys {
    const starts = new Uint32Array(KEY_BUCKETS + 1);
    for (const { bucket, from, to } of this.notes) starts[bucket + 1] = (starts[bucket + 1] ?? 0) + to - from;
    for (let bucket = 0; bucket < KEY_BUCKETS; bucket += 1)
      starts[bucket + 1] = (starts[bucket + 1] ?? 0) + (starts[bucket] ?? 0);
    const bytes = new Uint8Array(this.at);
    const next = starts.slice();
    for (const { bucket, from, to } of this.notes) {
      bytes.set(this.bytes.subarray(from, to), next[bucket]);
      next[bucket] = (next[bucket] ?? 0) + to - from;
    }
    return { bytes, starts };
  }
}

/** A row that repeats the key of an earlier row, and the line of that row. */
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
  add({ bytes, starts }: BlockKeys, first: RowPlace): void {
    const notes = Buffer.from(bytes.buffer);
    for (let bucket = 0; bucket < KEY_BUCKETS; bucket += 1) {
      const [from = 0, to = 0] = starts.subarray(bucket, bucket + 2);
      if (to > from) this.spool.add(bucket, `\t${first.row}\t${first.line}\n${notes.toString('latin1', from, to - 1)}`);
    }
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
