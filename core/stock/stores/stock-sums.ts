/** Stock and the sums of the journal and the reservations, for a range of units, which `magam stock verify` compares. */

import { type Db, select } from '../../../infra/database.js';
import type { StockRecord } from './stock.js';

/** Units above `from`, up to and including `to`; without `to` all above `from`. */
export interface UnitRange {
  readonly from: number;
  readonly to?: number;
}

/** Parts of a unit's stock, from one of the three tables. */
export interface JournalSum {
  readonly unitId: number;
  readonly received: number;
  readonly available: number;
  readonly held: number;
  readonly sold: number;
  readonly movements: number;
}

export interface ReservationSum {
  readonly unitId: number;
  readonly held: number;
  readonly sold: number;
}

const inRange = ({ from, to }: UnitRange): { readonly sql: string; readonly params: number[] } =>
  to === undefined
    ? { sql: 'unit_id > ?', params: [from] }
    : { sql: 'unit_id > ? AND unit_id <= ?', params: [from, to] };

/** The stock of the next units. */
export const readNextStock = (db: Db, from: number, unitsMax: number): Promise<StockRecord[]> =>
  select<StockRecord>(
    db,
    `SELECT unit_id AS unitId, received, available, held, sold FROM stock FORCE INDEX (PRIMARY)
     WHERE unit_id > ? ORDER BY unit_id LIMIT ?`,
    [from, unitsMax],
  );

/** The sums of the movements of each unit. */
export async function sumJournal(db: Db, range: UnitRange): Promise<JournalSum[]> {
  const { sql, params } = inRange(range);
  return select<JournalSum>(
    db,
    `SELECT unit_id AS unitId, SUM(available_change + held_change + sold_change) AS received, SUM(available_change) AS available,
       SUM(held_change) AS held, SUM(sold_change) AS sold, COUNT(*) AS movements
     FROM stock_movement FORCE INDEX (stock_movement_unit) WHERE ${sql} GROUP BY unit_id ORDER BY unit_id`,
    params,
    { received: Number, available: Number, held: Number, sold: Number },
  );
}

/** The held and sold quantities of each unit, from its reservations. */
export async function sumReservations(db: Db, range: UnitRange): Promise<ReservationSum[]> {
  const { sql, params } = inRange(range);
  return select<ReservationSum>(
    db,
    `SELECT unit_id AS unitId, SUM(IF(status = 'HELD', quantity, 0)) AS held, SUM(IF(status = 'SOLD', quantity, 0)) AS sold
     FROM stock_reservation FORCE INDEX (stock_reservation_unit) WHERE ${sql} GROUP BY unit_id ORDER BY unit_id`,
    params,
    { held: Number, sold: Number },
  );
}
