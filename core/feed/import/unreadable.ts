/** Characters that cannot be read, in a file that is not wholly written in the encoding given: where each stands. */
import { MagamError } from '../../../kernel/errors.js';
import { UNREADABLE } from './text-decoder.js';

/** A field with a character that cannot be read: the line of that character and the name of its column. */
export interface UnreadableField {
  readonly line: number;
  readonly column: string;
}

/** Looks at the fields of every row. Throws ENCODING_INVALID at the first one that is used; those of ignored columns are told to `onIgnored`. */
export class UnreadableFields {
  private header: readonly string[] = [];
  private ignored: ReadonlySet<number> = new Set();

  constructor(
    private readonly file: string,
    private readonly encoding: string,
    private readonly onIgnored: (field: UnreadableField) => void,
  ) {}

  /** A header that lacks a column may lack it because that name cannot be read. */
  requireReadable(header: readonly string[], line: number): void {
    for (const [at] of header.entries()) this.lookAt(header, at, line, false);
  }

  /** @param ignored positions of the columns that are not used */
  setColumns(header: readonly string[], ignored: ReadonlySet<number>, line: number): void {
    this.header = header;
    this.ignored = ignored;
    for (const at of ignored) this.lookAt(header, at, line, true);
  }

  /** A row with as many fields as the header, and the line it begins on. */
  check(fields: readonly string[], line: number): void {
    for (const [at] of fields.entries()) this.lookAt(fields, at, line, this.ignored.has(at));
  }

  private lookAt(fields: readonly string[], at: number, line: number, ignored: boolean): void {
    const field = fields[at] ?? '';
    const place = field.indexOf(UNREADABLE);
    if (place < 0) return;
    const name = this.header[at]?.trim() ?? '';
    const column = name === '' || name.includes(UNREADABLE) ? `number ${at + 1}` : name;
    const before = [...fields.slice(0, at), field.slice(0, place)].join('');
    const found = { line: line + before.split('\n').length - 1, column };
    if (ignored) this.onIgnored(found);
    else
      throw new MagamError(
        'ENCODING_INVALID',
        `A character on line ${found.line}, column ${column}, cannot be read in ${this.encoding}; name the right encoding.`,
        { file: this.file, encoding: this.encoding, ...found, value: field.slice(0, 200) },
      );
  }
}
