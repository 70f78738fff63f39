/** Finds lines that the database refuses because of their own data, by trying them in a transaction that is rolled back. */
import { SALE } from '../../../core/feed/rules/leg.js';
import type { Refused } from '../../../core/settlement/rules/decide.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { findExceptionsByCode } from '../../../core/settlement/stores/exception.js';
import { insertLines } from '../../../core/settlement/stores/line.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { errorText, isDataError, isDuplicateKey } from '../../../infra/database-errors.js';

/**
 * Finds the refused ones among lines of one leg by halving: a refused statement undoes only itself. A line that already exists is
 * not refused because of its data; the real write reports it.
 */
export async function findRefusedLines(
  db: Db,
  date: string,
  generation: number,
  lines: readonly SettledLine[],
): Promise<Refused> {
  const refused = new Map<number, string>();
  const undo = new Error('undo');
  const search = async (tx: Tx, part: readonly SettledLine[]): Promise<void> => {
    try {
      await insertLines(tx, date, generation, part, 'insert');
    } catch (error) {
      if (!isDataError(error) && !isDuplicateKey(error)) throw error;
      const [only] = part;
      if (part.length === 1 && only !== undefined) {
        if (isDataError(error)) refused.set(only.entryId, errorText(error));
        return;
      }
      const half = Math.ceil(part.length / 2);
      await search(tx, part.slice(0, half));
      await search(tx, part.slice(half));
    }
  };
  await inTransaction(db, async (tx) => {
    refused.clear();
    await search(tx, lines);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return refused;
}

/** The lines, among these of one leg, that the database has refused before and still refuses: a supplement would not settle them. */
export async function findStillRefused(db: Db, date: string, lines: readonly SettledLine[]): Promise<Refused> {
  const ids = lines.map(({ entryId }) => entryId);
  const before = await findExceptionsByCode(db, date, lines[0]?.leg ?? SALE, 'LINE_REFUSED', ids);
  const suspects = lines.filter(({ entryId }) => before.has(entryId));
  return suspects.length === 0 ? new Map() : findRefusedLines(db, date, 1, suspects);
}
