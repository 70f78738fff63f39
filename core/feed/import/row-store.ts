/**
 * The rows that a first pass has read, kept in a temporary file (about as many bytes as the rows have) until the second pass stores them. So exactly the
 * checked rows are stored. The file has no name and is gone when the process ends.
 */
import { closeSync, readSync } from 'node:fs';
import type { BlockRows } from './block-reader.js';
import { openUnnamed, writeWhole } from './spool.js';
import type { RowPlace } from './verdicts.js';

/** A row as it is kept: its record is the bytes from `from` to `to` (exclusive). */
export interface StoredRow extends RowPlace {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** The head of a block: its number of records, the number and the line of its first row, the bytes of the records. */
const HEAD_NUMBERS = 4;

export class RowStore {
  private readonly file = openUnnamed();

  /** Blocks come in the order of the file. */
  add({ records, ends, rowOf, lineOf }: BlockRows, first: RowPlace): void {
    const head = Uint32Array.of(ends.length, first.row, first.line, records.length);
    const parts = [head, ends, rowOf, lineOf, records].map((part) => new Uint8Array(part.buffer));
    writeWhole(this.file, Buffer.concat(parts));
  }

  /** All rows in the order of the file, block by block. */
  *blocks(): Generator<StoredRow[]> {
    for (let at = 0; ; ) {
      const head = new Uint32Array(HEAD_NUMBERS);
      if (this.read(head, at) === 0) return;
      const [count = 0, firstRow = 0, firstLine = 0, length = 0] = head;
      const places = new Uint32Array(3 * count);
      const bytes = Buffer.allocUnsafeSlow(length);
      at += head.byteLength;
      at += this.read(places, at);
      at += this.read(bytes, at);
      let from = 0;
      yield Array.from({ length: count }, (_, index): StoredRow => {
        const to = places[index] ?? 0;
        const row = firstRow + (places[count + index] ?? 0);
        const line = firstLine + (places[2 * count + index] ?? 0);
        const stored = { row, line, bytes, from, to };
        from = to;
        return stored;
      });
    }
  }

  close(): void {
    closeSync(this.file);
  }

  /** Fills the target, unless the file ends there; returns the bytes that were read. */
  private read(target: Uint8Array | Uint32Array, from: number): number {
    let read = 0;
    while (read < target.byteLength) {
      const got = readSync(this.file, target, read, target.byteLength - read, from + read);
      if (got === 0) return read;
      read += got;
    }
    return read;
  }
}
