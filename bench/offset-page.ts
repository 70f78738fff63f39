/** A page of a date's sales in the usual way: LIMIT … OFFSET …, which reads all rows before the page. */

import type { SaleRow } from '../core/settlement/rules/decide.js';
import { saleColumns, toSaleRow } from '../core/settlement/stores/entry-page.js';
import { type Db, selectArrays } from '../infra/database.js';

/** `rows`: it reads whole rows. `covering`: it reads the entries of a secondary index that has all needed columns. */
export type OffsetPaging = 'rows' | 'covering';

export async function readOffsetPage(
  db: Db,
  paging: OffsetPaging,
  date: string,
  offset: number,
  limit: number,
): Promise<SaleRow[]> {
  const columns = saleColumns({ usesCategory: true, usesProduct: true });
  const sql =
    paging === 'rows'
      ? `SELECT ${columns} FROM sale_entry s WHERE s.settled_on = ? ORDER BY s.entry_id LIMIT ? OFFSET ?`
      : `SELECT ${columns} FROM (SELECT k.settled_on, k.entry_id FROM sale_entry k FORCE INDEX (sale_entry_id)
           WHERE k.settled_on = ? ORDER BY k.entry_id LIMIT ? OFFSET ?) AS page
         JOIN sale_entry s ON s.settled_on = page.settled_on AND s.entry_id = page.entry_id ORDER BY s.entry_id`;
  return (await selectArrays(db, sql, [date, limit, offset])).map((row) => toSaleRow(row));
}
