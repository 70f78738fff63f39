/** Finds the characters that cannot be read in a file that is not entirely in the given encoding. */
import { lineBreaksIn } from './csv-text.js';
import { UNREADABLE } from './text-decoder.js';

/** The line of a character that cannot be read, and the name of its column. */
export interface UnreadablePlace {
  readonly line: number;
  readonly column: string;
}

/** A field that is used holds such a character. */
export class UnreadableField extends Error {
  constructor(
    readonly place: UnreadablePlace,
    readonly value: string,
  ) {
    super('a field cannot be read');
  }
}

/** Checks the fields of every row. Throws `UnreadableField` at the first field of a used column; those of ignored columns are collected. */
export class UnreadableFields {
  readonly ignored: UnreadablePlace[] = [];

  /** @param ignoredAt positions of the columns that are not used */
  constructor(
    private readonly header: readonly string[],
    private readonly ignoredAt: ReadonlySet<number>,
  ) {}

  /** A row with as many fields as the header, and the line it begins on. */
  check(fields: readonly string[], line: number): void {
    for (const [at] of fields.entries()) {
      const place = this.placeIn(fields, at, line);
      if (place === undefined) continue;
      if (!this.ignoredAt.has(at)) throw new UnreadableField(place, (fields[at] ?? '').slice(0, 200));
      this.ignored.push(place);
    }
  }

  /** The header itself: the names of the columns that are not used. */
  checkIgnored(header: readonly string[], line: number): void {
    for (const at of this.ignoredAt) {
      const place = this.placeIn(header, at, line);
      if (place !== undefined) this.ignored.push(place);
    }
  }

  private placeIn(fields: readonly string[], at: number, line: number): UnreadablePlace | undefined {
    const field = fields[at] ?? '';
    const place = field.indexOf(UNREADABLE);
    if (place < 0) return undefined;
    const name = this.header[at]?.trim() ?? '';
    const before = [...fields.slice(0, at), field.slice(0, place)].join('');
    return {
      line: line + lineBreaksIn(before),
      column: name === '' || name.includes(UNREADABLE) ? `number ${at + 1}` : name,
    };
  }
}
