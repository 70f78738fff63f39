/**
 * Writes many rows at once: by a multi-row INSERT, or by LOAD DATA LOCAL, which spares the server the parsing of literals and the client
 * the making of the statement. The LOCAL form turns errors into warnings, so rows that the server did not take cleanly are rolled back and given to
 * the INSERT, which names the error.
 */
import { Readable } from 'node:stream';
import { escape as quote } from 'mysql2';
import { type Db, select, type Tx } from '../database.js';
import { isLoadRefused } from '../database-errors.js';

/** A value of a row; a bigint is written as its digits. */
export type RowValue = string | number | bigint | null;

/** Rows of one INSERT. */
const ROWS = 4_000;

/** What cannot stand in a literal as it is: the driver escapes it. */
const special = /['\\\p{Cc}]/u;
const literal = (value: RowValue): string => {
  if (typeof value !== 'string') return value === null ? 'NULL' : `${value}`;
  return special.test(value) ? quote(value) : `'${value}'`;
};

/**
 * Inserts rows by statements of hand-built text: parameters of many rows cost the client several times as much.
 * @param into the table with its columns
 * @param more `last`: SQL of a value that ends every row; `onDuplicate`: the clause for rows that are there
 */
export async function insertRows(
  tx: Tx,
  into: string,
  rows: readonly (readonly RowValue[])[],
  { last, onDuplicate = '' }: { readonly last?: string; readonly onDuplicate?: string } = {},
): Promise<void> {
  const end = last === undefined ? ')' : `,${last})`;
  for (let at = 0; at < rows.length; at += ROWS) {
    const values = rows.slice(at, at + ROWS).map((row) => `(${row.map(literal).join(',')}${end}`);
    await tx.raw(`INSERT INTO ${into} VALUES ${values.join(',')} ${onDuplicate}`);
  }
}

export type RowWriter = 'insert' | 'load';

/** The writer that this server allows: `load` where LOCAL INFILE is on. */
export async function probeRowWriter(db: Db): Promise<RowWriter> {
  const [row] = await select<{ allowed: number | string }>(db, 'SELECT @@GLOBAL.local_infile AS allowed');
  return Number(row?.allowed) === 1 ? 'load' : 'insert';
}

/** Runs a LOAD DATA LOCAL of these bytes; false, with nothing changed, when the server skipped or changed any of `rows`. */
export async function loadRows(tx: Tx, statement: string, bytes: Buffer, rows: number): Promise<boolean> {
  await tx.raw('SAVEPOINT before_rows');
  try {
    const [result] = await tx.raw(statement).options({ infileStreamFactory: () => Readable.from([bytes]) });
    const { affectedRows, warningStatus } = result as { affectedRows: number; warningStatus: number };
    if (affectedRows === rows && warningStatus === 0) return true;
  } catch (error) {
    if (!isLoadRefused(error)) throw error;
  }
  await tx.raw('ROLLBACK TO SAVEPOINT before_rows');
  return false;
}
