/**
 * Writes many rows at once: by a multi-row INSERT, or by LOAD DATA LOCAL, which spares the server the parsing of literals and the client
 * the making of the statement. The LOCAL form turns errors into warnings, so rows that the server did not take cleanly are rolled back and given to
 * the INSERT, which names the error.
 */
import { Readable } from 'node:stream';
import { type Db, select, type Tx } from '../database.js';
import { isLoadRefused } from '../database-errors.js';

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
