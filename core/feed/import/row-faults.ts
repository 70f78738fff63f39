/** The faults of the rows of a file: counted, kept in flat memory, reported in the order of the lines. */
import { access, constants, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { type ErrorCode, MagamError } from '../../../kernel/errors.js';
import { spreadsheetText } from '../../../kernel/spreadsheet-text.js';
import { Spool } from './spool.js';

/** One fault of one field; `column` is the name this platform gives it. */
export interface FieldFault {
  readonly column: string;
  readonly code: ErrorCode;
  readonly value: string;
}

export type RowFault = FieldFault & { readonly line: number };

const VALUE_MAX = 200;
/** Text that every spreadsheet reads as a number, with or without a sign, so not as a formula. */
const NUMBER = /^[+-]?\d+(?:[.,]\d+)*$/;
/** Two values of this length and the words between them fit into a column. */
const CONFLICT_VALUE_MAX = 90;
const LINES_PER_BUCKET = 1 << 17;
const WRITE_FAULTS = 5_000;

export class RowFaults {
  private readonly spool = new Spool(20_000);
  private readonly byCode = new Map<ErrorCode, number>();

  add(line: number, fault: FieldFault): void {
    this.byCode.set(fault.code, (this.byCode.get(fault.code) ?? 0) + 1);
    const record = [line, fault.column, fault.code, shortened(fault.value)];
    this.spool.add(Math.floor(line / LINES_PER_BUCKET), JSON.stringify(record));
  }

  /** How often each code occurs. */
  counts(): Partial<Record<ErrorCode, number>> {
    return Object.fromEntries([...this.byCode].sort());
  }

  first(limit: number): RowFault[] {
    const faults: RowFault[] = [];
    for (const fault of this.inOrder()) {
      if (faults.length === limit) break;
      faults.push(fault);
    }
    return faults;
  }

  /** Every fault by line; those of one row in the order they were found. */
  *inOrder(): Generator<RowFault> {
    for (const bucket of this.spool.buckets()) {
      const faults = this.spool.read(bucket).map((record) => JSON.parse(record) as [number, string, ErrorCode, string]);
      faults.sort(([a], [b]) => a - b);
      for (const [line, column, code, value] of faults) yield { line, column, code, value };
    }
  }

  close(): void {
    this.spool.close();
  }
}

const shortened = (value: string, max = VALUE_MAX): string => (value.length <= max ? value : `${value.slice(0, max)}…`);

/** The fault of a row that contradicts the entry of its key; the value shows both, as they were read. */
export function conflict(column: string, inFile: string, stored: string): FieldFault {
  const shown = (value: string): string => (value === '' ? '""' : shortened(value, CONFLICT_VALUE_MAX));
  return { column, code: 'ENTRY_CONFLICT', value: `${shown(inFile)} (stored: ${shown(stored)})` };
}

/** Throws REJECTS_UNWRITABLE unless a file can be written there. It is checked before the work and not after it. */
export async function requireWritable(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/**
 * Writes the rejects file, whole or not at all: line, column, code and value of every fault; the header alone if there is none. A value
 * that a spreadsheet would run as a formula has an apostrophe before it.
 */
export async function writeRejects(file: string, faults: RowFaults): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(unfinished, 'w');
    try {
      let rows: (string | number)[][] = [['line', 'column', 'code', 'value']];
      for (const { line, column, code, value } of faults.inOrder()) {
        rows.push([line, column, code, NUMBER.test(value) ? value : spreadsheetText(value)]);
        if (rows.length < WRITE_FAULTS) continue;
        await handle.write(stringify(rows));
        rows = [];
      }
      await handle.write(stringify(rows));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw unwritable(file, error);
  }
}

const unwritable = (file: string, error: unknown): MagamError =>
  new MagamError('REJECTS_UNWRITABLE', undefined, {
    file,
    reason: error instanceof Error ? error.message : String(error),
  });
