/**
 * Reads a block of a file: rows, fields, entries, and all checks that need no database. The first block is read where the import
 * runs, the others in threads. The result is bytes and counts, and few objects however many rows there are.
 */
import { businessDateReader } from '../../../infra/time-zone.js';
import { PolicyBook, type StoredPolicy } from '../../policies/rules/policy-book.js';
import type { LineKey, SaleEntry } from '../rules/entry.js';
import { LOOK_UP_MAX, type SaleLookUp, saleLookUp } from '../stores/sale-sql.js';
import { type ColumnMapping, resolveColumns } from './columns.js';
import { CsvMalformed, hasLoneReturn, LONE_RETURNS, lineBreaksIn, readCsvText } from './csv-text.js';
import type { DateReader } from './field-reader.js';
import { type BlockKeys, KeyNotes } from './repeated-keys.js';
import type { FieldFault } from './row-faults.js';
import { kindOfRows, type RowKind, refundRows, saleRows } from './row-kind.js';
import { textDecoder } from './text-decoder.js';
import { Understanding, type UnderstoodPart } from './understood.js';
import { UnreadableField, UnreadableFields, type UnreadablePlace } from './unreadable.js';

/** What must be known to read the blocks of a file. Plain data, as it goes to threads. */
export interface BlockLayout {
  readonly kind: 'lines' | 'refunds';
  readonly encoding: string;
  /** Some bytes of the file are no character in the encoding, so every field is checked. */
  readonly lenient: boolean;
  readonly header: readonly string[];
  readonly mapping: ColumnMapping;
  /** The zone of time stamps without an offset. */
  readonly timeZone: string;
  readonly platformTimeZone: string;
  /** The current fee policies, for counting the lines that none covers. */
  readonly policies: readonly StoredPolicy[];
}

/** The place of a row in its block: its number and its line, both from 0. */
export interface BlockFault {
  readonly row: number;
  readonly line: number;
  readonly faults: readonly FieldFault[];
}

/** Some rows of a block one after the other, `from` to `to` (exclusive) of its records, and the look-up of their keys. */
export interface BlockLookUp {
  readonly from: number;
  readonly to: number;
  readonly lookUp: SaleLookUp;
}

/** What a block holds. Records are rows whose fields are in order; rows and lines count from 0, the first of the block. */
export interface BlockRows {
  readonly rows: number;
  readonly lines: number;
  /** The records one after the other, and where each ends. */
  readonly records: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly rowOf: Uint32Array<ArrayBuffer>;
  readonly lineOf: Uint32Array<ArrayBuffer>;
  /** The dates the entries occurred on, and which of them each record has. */
  readonly dates: readonly string[];
  readonly dateOf: Uint32Array<ArrayBuffer>;
  /** The keys of all rows that have one, for `RepeatedKeys`. */
  readonly keys: BlockKeys;
  readonly faults: readonly BlockFault[];
  /** Of sales; in order, all records together. */
  readonly lookUps: readonly BlockLookUp[];
  /** Of sales. */
  readonly understood: UnderstoodPart | null;
  /** Characters that cannot be read in columns that are not used. */
  readonly unreadable: readonly UnreadablePlace[];
}

/** Why a block cannot be read; lines count from 0, the first of the block. */
export type BlockFailure =
  | { readonly failure: 'encoding' }
  | { readonly failure: 'binary'; readonly line: number }
  | { readonly failure: 'malformed'; readonly line: number; readonly reason: string }
  | ({ readonly failure: 'unreadable'; readonly value: string } & UnreadablePlace);

/** The result of `work`, or why the block cannot be read. */
export function orFailure<T>(work: () => T): T | BlockFailure {
  try {
    return work();
  } catch (error) {
    if (error instanceof CsvMalformed) return { failure: 'malformed', line: error.line, reason: error.reason };
    if (error instanceof UnreadableField) return { failure: 'unreadable', value: error.value, ...error.place };
    if (error instanceof TextFailure) return error.failure;
    throw error;
  }
}

class TextFailure extends Error {
  constructor(readonly failure: Extract<BlockFailure, { readonly failure: 'encoding' | 'binary' }>) {
    super(failure.failure);
  }
}

/** The text of a block. */
export function textOf(
  bytes: Uint8Array,
  { encoding, lenient }: Pick<BlockLayout, 'encoding' | 'lenient'>,
  begins: boolean,
): string {
  const text = decoded(bytes, textDecoder(encoding, !lenient, begins));
  const nul = text.indexOf('\0');
  if (nul >= 0) throw new TextFailure({ failure: 'binary', line: lineBreaksIn(text.slice(0, nul)) });
  return text;
}

function decoded(bytes: Uint8Array, decoder: ReturnType<typeof textDecoder>): string {
  try {
    return decoder.decode(bytes) + decoder.decode();
  } catch {
    throw new TextFailure({ failure: 'encoding' });
  }
}

/** Reads the blocks of one file, one at a time. */
export class BlockReader {
  private readonly columns: ReturnType<typeof resolveColumns>;
  private readonly dateOf: DateReader;
  private readonly policies: PolicyBook;

  constructor(readonly layout: BlockLayout) {
    const { kind, header, mapping, platformTimeZone, timeZone, policies } = layout;
    this.columns = resolveColumns(header, kindOfRows(kind).columns, mapping);
    this.dateOf = businessDateReader(platformTimeZone, timeZone);
    this.policies = new PolicyBook(policies);
  }

  read(bytes: Uint8Array, begins: boolean): BlockRows | BlockFailure {
    return orFailure(() => this.readText(textOf(bytes, this.layout, begins)));
  }

  /** The same for text. The header is on its line `headerLine`, if it is in this block. */
  readText(text: string, headerLine?: number): BlockRows {
    const { header, lenient, kind } = this.layout;
    const { pick, ignoredAt } = this.columns;
    const unreadable = lenient ? new UnreadableFields(header, ignoredAt) : undefined;
    const rows =
      kind === 'lines' ? new SaleRows(this.dateOf, this.policies) : new RowCollector(refundRows, this.dateOf);
    let short: { readonly line: number; readonly fields: number } | undefined;
    readCsvText(text, (fields, line) => {
      short = fields.length < header.length ? { line, fields: fields.length } : undefined;
      if (line === headerLine) {
        unreadable?.checkIgnored(fields, line);
        return;
      }
      if (fields.length !== header.length) {
        if (fields.some(hasLoneReturn)) throw new CsvMalformed(line, LONE_RETURNS);
        rows.addRagged(fields.length, line);
        return;
      }
      unreadable?.check(fields, line);
      rows.add(pick(fields), line);
    });
    if (short !== undefined && !text.endsWith('\n'))
      throw new CsvMalformed(
        short.line,
        `${short.fields} of ${header.length} fields, and no line break: the file was cut off`,
      );
    return { ...rows.end(), lines: lineBreaksIn(text), unreadable: unreadable?.ignored ?? [] };
  }
}

/** Numbers in the order they were added. */
class Numbers {
  private values = new Uint32Array(4_096);
  length = 0;

  add(value: number): void {
    if (this.length === this.values.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.values);
      this.values = more;
    }
    this.values[this.length] = value;
    this.length += 1;
  }

  taken(): Uint32Array<ArrayBuffer> {
    return this.values.slice(0, this.length);
  }
}

/** Reused from block to block: new megabytes each time would make the collector run for them. */
let recordBytes = Buffer.allocUnsafeSlow(1024 * 1024);

class RowCollector<Entry extends { readonly occurredOn: string }> {
  private rows = 0;
  private at = 0;
  private readonly ends = new Numbers();
  private readonly rowOf = new Numbers();
  private readonly lineOf = new Numbers();
  private readonly dateOf = new Numbers();
  private readonly dates = new Map<string, number>();
  private readonly keys = new KeyNotes();
  private readonly faults: BlockFault[] = [];

  constructor(
    private readonly kind: RowKind<Entry>,
    private readonly readDate: DateReader,
  ) {}

  addRagged(fieldCount: number, line: number): void {
    const fault = { column: '', code: 'COLUMN_COUNT' as const, value: String(fieldCount) };
    this.faults.push({ row: this.rows, line, faults: [fault] });
    this.rows += 1;
  }

  add(values: readonly string[], line: number): void {
    const row = this.rows;
    this.rows += 1;
    const key = this.kind.keyOf(values);
    if (key !== undefined) this.keys.add(key, row, line);
    const read = this.kind.read(values, this.readDate);
    if ('faults' in read) this.faults.push({ row, line, faults: read.faults });
    else this.keep(values, read.entry, row, line);
  }

  protected keep(values: readonly string[], entry: Entry, row: number, line: number): void {
    if (recordBytes.length - this.at < this.kind.recordBytesMax) {
      const more = Buffer.allocUnsafeSlow(2 * recordBytes.length);
      recordBytes.copy(more, 0, 0, this.at);
      recordBytes = more;
    }
    this.at = this.kind.writeRecord(recordBytes, this.at, { values, entry });
    this.ends.add(this.at);
    this.rowOf.add(row);
    this.lineOf.add(line);
    this.dateOf.add(this.dateIndex(entry.occurredOn));
  }

  protected get kept(): number {
    return this.ends.length;
  }

  end(): Omit<BlockRows, 'lines' | 'unreadable'> {
    return {
      rows: this.rows,
      records: new Uint8Array(recordBytes.subarray(0, this.at)),
      ends: this.ends.taken(),
      rowOf: this.rowOf.taken(),
      lineOf: this.lineOf.taken(),
      dates: [...this.dates.keys()],
      dateOf: this.dateOf.taken(),
      keys: this.keys.taken(),
      faults: this.faults,
      lookUps: [],
      understood: null,
    };
  }

  private dateIndex(date: string): number {
    const known = this.dates.get(date);
    if (known !== undefined) return known;
    this.dates.set(date, this.dates.size);
    return this.dates.size - 1;
  }
}

/** Sales: prepares the look-up of their keys, and sums them up. */
class SaleRows extends RowCollector<SaleEntry> {
  private readonly understanding = new Understanding();
  private readonly lookUps: BlockLookUp[] = [];
  private asked: LineKey[] = [];

  constructor(
    readDate: DateReader,
    private readonly policies: PolicyBook,
  ) {
    super(saleRows, readDate);
  }

  protected override keep(values: readonly string[], entry: SaleEntry, row: number, line: number): void {
    super.keep(values, entry, row, line);
    const { sellerId, category, productId, currency, orderedOn } = entry;
    const covered = this.policies.find(sellerId, category, productId, currency, orderedOn) !== undefined;
    this.understanding.addSale(entry, covered);
    this.asked.push(entry);
    if (this.asked.length === LOOK_UP_MAX) this.prepareLookUp();
  }

  override end(): Omit<BlockRows, 'lines' | 'unreadable'> {
    if (this.asked.length > 0) this.prepareLookUp();
    return { ...super.end(), lookUps: this.lookUps, understood: this.understanding.part() };
  }

  private prepareLookUp(): void {
    this.lookUps.push({ from: this.kept - this.asked.length, to: this.kept, lookUp: saleLookUp(this.asked) });
    this.asked = [];
  }
}
