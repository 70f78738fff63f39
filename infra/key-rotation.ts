/**
 * Re-encrypts values that are stored under a former key. It goes page by page along the primary key, with a short transaction for each page. A value is
 * replaced only while it is the one that was read, so servers may keep running. A stopped rotation begins again at the front and skips values that are done.
 */
import { change, type Db, inTransaction, select } from './database.js';
import { decrypt, type Encrypted, encrypt, keyIdOf } from './encryption.js';

/** A column of encrypted values, with the id of each value's key in another column. */
export interface EncryptedColumn {
  /** The name for people. */
  readonly name: string;
  readonly table: string;
  /** The primary key: one column. */
  readonly primaryKey: string;
  /** Rows without a value are passed over. */
  readonly sealed: string;
  readonly keyId: string;
  /** The column whose value names the place that a ciphertext is bound to. */
  readonly boundBy: string;
  readonly placeOf: (boundBy: string) => string;
}

/** Rows of a column. */
export interface RotationTally {
  /** Rows read. */
  rows: number;
  /** Rows re-encrypted. */
  changed: number;
  /** Rows under an unknown key. */
  unknown: number;
  /** Rows under a known key that were changed since, so that nobody can read them. */
  damaged: number;
}

interface Row extends Encrypted {
  readonly id: string | number;
  readonly boundBy: string;
}

const PAGE_ROWS = 500;

/** Reads the rows of a column by primary key, in pages. */
async function* pagesOf(db: Db, column: EncryptedColumn): AsyncGenerator<readonly Row[]> {
  const { table, primaryKey, sealed, keyId, boundBy } = column;
  const columns = `${primaryKey} AS id, ${boundBy} AS boundBy, ${sealed} AS sealed, ${keyId} AS keyId`;
  let after: string | number | undefined;
  for (;;) {
    const from = after === undefined ? '' : `AND ${primaryKey} > ?`;
    const sql = `SELECT ${columns} FROM ${table} WHERE ${sealed} IS NOT NULL ${from} ORDER BY ${primaryKey} LIMIT ${PAGE_ROWS}`;
    const rows = await select<Row>(db, sql, after === undefined ? [] : [after]);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)?.id;
  }
}

/** How many rows of a column are under each key, by its id. */
export async function countByKey(db: Db, column: EncryptedColumn): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const rows of pagesOf(db, column))
    for (const { keyId } of rows) counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  return counts;
}

/** Re-encrypts a column under the first of the keys, in one pass. `onPage` is called after each page; an error of it ends the work between two pages. */
export async function rotateColumn(
  db: Db,
  column: EncryptedColumn,
  keys: readonly [Buffer, ...Buffer[]],
  onPage: (tally: Readonly<RotationTally>) => void,
): Promise<RotationTally> {
  const tally: RotationTally = { rows: 0, changed: 0, unknown: 0, damaged: 0 };
  const [current] = keys;
  const known = new Set(keys.map(keyIdOf));
  for await (const rows of pagesOf(db, column)) {
    tally.rows += rows.length;
    const former = rows.filter(({ keyId }) => keyId !== keyIdOf(current));
    const readable = former.filter(({ keyId }) => known.has(keyId));
    tally.unknown += former.length - readable.length;
    const renewed = readable.flatMap((row) => renewedOf(row, column, keys) ?? []);
    tally.damaged += readable.length - renewed.length;
    if (renewed.length > 0) tally.changed += await inTransaction(db, (tx) => replaceAll(tx, column, renewed));
    onPage(tally);
  }
  return tally;
}

interface Renewed {
  readonly row: Row;
  readonly value: Encrypted;
}

/** Undefined: the value cannot be read. */
function renewedOf(row: Row, { placeOf }: EncryptedColumn, keys: readonly [Buffer, ...Buffer[]]): Renewed | undefined {
  const place = placeOf(row.boundBy);
  try {
    return { row, value: encrypt(keys[0], decrypt(keys, row, place), place) };
  } catch {
    return undefined;
  }
}

/** Replaces values that are still the ones that were read. @returns how many */
async function replaceAll(
  tx: Db,
  { table, primaryKey, sealed, keyId }: EncryptedColumn,
  renewed: readonly Renewed[],
): Promise<number> {
  let replaced = 0;
  for (const { row, value } of renewed)
    replaced += await change(
      tx,
      `UPDATE ${table} SET ${sealed} = ?, ${keyId} = ? WHERE ${primaryKey} = ? AND ${sealed} = ? AND ${keyId} = ?`,
      [value.sealed, value.keyId, row.id, row.sealed, row.keyId],
    );
  return replaced;
}
