/**
 * Records sorted into buckets, in memory while they are few and in temporary files beyond, so that a file of any length is
 * checked for duplicates in flat memory: afterwards the buckets are read one by one. Records are lines of text.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Spool {
  private readonly waiting = new Map<number, string[]>();
  private file: number | undefined;
  private fileBytes = 0;
  /** Where the records of each bucket lie in the file. */
  private readonly written = new Map<number, { readonly from: number; readonly length: number }[]>();
  private waitingCount = 0;

  /** @param memoryRecords how many records wait in memory before they are written out */
  constructor(private readonly memoryRecords = 50_000) {}

  /** Adds a record, without its last line break; records of a bucket keep their order. */
  add(bucket: number, record: string): void {
    const records = this.waiting.get(bucket);
    if (records === undefined) this.waiting.set(bucket, [record]);
    else records.push(record);
    this.waitingCount += 1;
    if (this.waitingCount >= this.memoryRecords) this.writeOut();
  }

  /** The buckets that have records, ascending. */
  buckets(): number[] {
    return [...new Set([...this.waiting.keys(), ...this.written.keys()])].sort((a, b) => a - b);
  }

  /** The records of a bucket in the order they were added. */
  read(bucket: number): string[] {
    return this.text(bucket).slice(0, -1).split('\n');
  }

  /** The same as one text; each record ends with a line break. */
  text(bucket: number): string {
    const { file } = this;
    const written = file === undefined ? [] : (this.written.get(bucket) ?? []).map((part) => readPart(file, part));
    const waiting = this.waiting.get(bucket) ?? [];
    return Buffer.concat(written).toString('utf8') + waiting.map((record) => `${record}\n`).join('');
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.written.clear();
    this.waiting.clear();
  }

  private writeOut(): void {
    this.file ??= openUnnamed();
    const parts: Buffer[] = [];
    for (const [bucket, records] of this.waiting) {
      const part = Buffer.from(`${records.join('\n')}\n`);
      const places = this.written.get(bucket) ?? [];
      places.push({ from: this.fileBytes, length: part.length });
      this.written.set(bucket, places);
      this.fileBytes += part.length;
      parts.push(part);
    }
    writeWhole(this.file, Buffer.concat(parts));
    this.waiting.clear();
    this.waitingCount = 0;
  }
}

/** A file without a name, which is gone when the process ends, however it ends. */
export function openUnnamed(): number {
  const folder = mkdtempSync(join(tmpdir(), 'magam-import-'));
  try {
    return openSync(join(folder, 'bucket'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes all of it at the end of the file. */
export function writeWhole(file: number, content: Uint8Array): void {
  for (let at = 0; at < content.length; ) at += writeSync(file, content, at, content.length - at);
}

function readPart(file: number, { from, length }: { readonly from: number; readonly length: number }): Buffer {
  const content = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) read += readSync(file, content, read, length - read, from + read);
  return content;
}

/** The bucket of a key: FNV-1a over its characters. */
export function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % buckets;
}
