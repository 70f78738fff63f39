/**
 * Opaque cursors: the sort key of the last row of a page, so that the next page is read by key and rows that come or go in between
 * are neither shown twice nor skipped.
 */
import { z } from 'zod';
import { MagamError } from '../../kernel/errors.js';

/** Query parameters of every paged list. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 200')
    .transform(Number)
    .refine((limit) => limit <= 200, 'must be a whole number from 1 to 200')
    .default(50)
    .meta({ description: 'Rows of a page.', type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  cursor: z
    .string()
    .max(1000)
    .optional()
    .meta({ description: 'The nextCursor of the page before; absent: the first page.' }),
};

/** A page of rows; nextCursor is null on the last one. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    items: z.array(row),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  });

/** A moment in the key of a cursor: written as the database gives it out, and nothing that it would choke on. */
export const momentKey = z.iso.datetime({ precision: 3 }).regex(/^2/);

/** Writes the sort key of a row. `list` names the list and its order: a cursor of another is refused. */
export const encodeCursor = (list: string, key: readonly (string | number | null)[]): string =>
  Buffer.from(JSON.stringify([list, ...key])).toString('base64url');

/** Reads a cursor of this list whose key has this shape. Throws CURSOR_INVALID. */
export function readCursor<Key extends z.ZodTuple>(
  cursor: string | undefined,
  list: string,
  shape: Key,
): z.output<Key> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [name, ...key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const parsed = shape.safeParse(key);
    if (name === list && parsed.success) return parsed.data;
  } catch {
    // not JSON
  }
  throw new MagamError('CURSOR_INVALID');
}

/**
 * Makes a page of rows that were read with a limit one larger than the page's: the row too many says that there is a next page.
 */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  cursor: (last: Row) => string,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
