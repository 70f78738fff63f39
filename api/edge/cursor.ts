/**
 * Opaque cursors: the sort key of the last row of a page, so that the next page is read by key and rows that come or go in between
 * are neither shown twice nor skipped.
 */
import * as z from 'zod';
import { MagamError } from '../../kernel/errors.js';
import { ok, type Reply } from './reply.js';

/** Query parameters of every paged list. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 200')
    .transform(Number)
    .refine((limit) => limit <= 200, 'must be a whole number from 1 to 200')
    .default(50)
    .meta({ description: 'The number of rows on a page.', type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  cursor: z
    .string()
    .max(1000)
    .optional()
    .meta({ description: 'The nextCursor of the page before; without it, the first page.' }),
};

/** A page of rows; nextCursor is null on the last one. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    items: z.array(row),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  });

/** A moment in the key of a cursor, in the form of the database; other text would make the query fail. */
export const momentKey = z.iso.datetime({ precision: 3 }).regex(/^2/);

/** A list that is read by key: how its rows are read, told apart and shown. */
export interface PagedList<Row, Key extends z.ZodTuple, Item> {
  /** Names the list, its order and its filters; a cursor of another list is refused. */
  readonly name: string;
  /** The sort key. */
  readonly key: Key;
  /** Reads this many rows that follow the row of this key in the list's order; from the first row on where there is no key. */
  readonly read: (after: z.output<Key> | undefined, limit: number) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => z.input<Key>;
  /** Default: the row as it was read. */
  readonly itemOf?: (row: Row) => Item;
}

interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Reads the page that was asked for. Throws CURSOR_INVALID. */
export async function readPage<Row, Key extends z.ZodTuple, Item = Row>(
  { limit, cursor }: PageQuery,
  list: PagedList<Row, Key, Item>,
): Promise<Page<Item>> {
  const { name, key, read, keyOf, itemOf = (row) => row as unknown as Item } = list;
  // One row more than the page shows whether there is a next page.
  const rows = await read(readCursor(cursor, name, key), limit + 1);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(itemOf), nextCursor: last === undefined ? null : encodeCursor(name, keyOf(last)) };
}

/** Answers with the page that was asked for. Throws CURSOR_INVALID. */
export const paged = async <Row, Key extends z.ZodTuple, Item = Row>(
  query: PageQuery,
  list: PagedList<Row, Key, Item>,
): Promise<Reply<Page<Item>>> => ok(await readPage(query, list));

const encodeCursor = (list: string, key: readonly unknown[]): string =>
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
