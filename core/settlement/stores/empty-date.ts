/** Finds rows for dates that were closed without entries; there must be none. */
import { type Db, select } from '../../../infra/database.js';

const TABLES = ['sale_entry', 'refund_entry', 'settlement_line', 'settlement_exception', 'settlement'] as const;

export interface MisplacedRow {
  readonly table: (typeof TABLES)[number];
  readonly date: string;
}

/** The first row of each table for a date after `after` (null: from the first on) and before `before`. */
export async function findRowsBetween(db: Db, after: string | null, before: string): Promise<MisplacedRow[]> {
  const found: MisplacedRow[] = [];
  for (const table of TABLES) {
    const [row] = await select<{ date: string }>(
      db,
      `SELECT settled_on AS date FROM ${table} WHERE settled_on < ? ${after === null ? '' : 'AND settled_on > ?'} ORDER BY settled_on LIMIT 1`,
      after === null ? [before] : [before, after],
    );
    if (row !== undefined) found.push({ table, date: row.date });
  }
  return found;
}
