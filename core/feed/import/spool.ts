/**
 * Records sorted into buckets, in memory while they are few and in temporary files beyond, so that a file of any length is
 * checked for duplicates in flat memory: afterwards the buckets are looked at one by one. Records are lines of text.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Spool {
  private readonly waiting = new Map<number, string[]>();
  private readonly files = new Map<number, number>();
  private waitingCount = 0;

  /** @param memoryRecords how many records wait in memory before they are written out */
  constructor(private readonly memoryRecords = 50_000) {}

  /** Adds a record, which has no line break in it; records of a bucket keep their order. */
  add(bucket: number, record: string): void {
    const records = this.waiting.get(bucket);
    if (records === undefined) this.waiting.set(bucket, [record]);
    else records.push(record);
    this.waitingCount += 1;
    if (this.waitingCount >= this.memoryRecords) this.writeOut();
  }

  /** The buckets that have records, ascending. */
  buckets(): number[] {
    return [...new Set([...this.waiting.keys(), ...this.files.keys()])].sort((a, b) => a - b);
  }

  /** The records of a bucket in the order they were added. */
  read(bucket: number): string[] {
    return this.text(bucket).slice(0, -1).split('\n');
  }

  /** The same as one text; each record ends with a line break. */
  text(bucket: number): string {
    const file = this.files.get(bucket);
    const waiting = this.waiting.get(bucket) ?? [];
    return (file === undefined ? '' : readWhole(file)) + waiting.map((record) => `${record}\n`).join('');
  }

  close(): void {
    for (const file of this.files.values()) closeSync(file);
    this.files.clear();
    this.waiting.clear();
  }

  private writeOut(): void {
    for (const [bucket, records] of this.waiting) {
      let file = this.files.get(bucket);
      if (file === undefined) {
        file = openUnnamed();
        this.files.set(bucket, file);
      }
      writeSync(file, `${records.join('\n')}\n`);
    }
    this.waiting.clear();
    this.waitingCount = 0;
  }
}

/** A file without a name, which is gone when the process is, however that ends. */
export function openUnnamed(): number {
  const folder = mkdtempSync(join(tmpdir(), 'magam-import-'));
  try {
    return openSync(join(folder, 'bucket'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readWhole(file: number): string {
  const content = Buffer.allocUnsafe(fstatSync(file).size);
  for (let read = 0; read < content.length; ) read += readSync(file, content, read, content.length - read, read);
  return content.toString('utf8');
}

/** The bucket of a key: FNV-1a over its characters. */
export function bucketOf(key: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % buckets;
}
