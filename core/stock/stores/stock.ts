/**
 * The stock of each unit. Why no two transactions can wait for each other in a circle:
 *
 * - A transaction locks rows of stock in ascending order of their units, after everything else that it locks and shares with others
 *   (the unit's row, the order's rows), and commits soon after.
 * - The row of stock is also the lock of the unit's reservations: nobody writes a reservation without holding it. So a row of
 *   `stock_reservation` is never waited for, in whatever order its rows are written.
 * - Sessions are READ COMMITTED: rows that a statement did not match are released, and gaps are not locked. Rows that are
 *   inserted have keys of their own: a checkout reserves once, a movement is numbered by the database.
 */

import { change, changeTelling, type Db, select, type Tx } from '../../../infra/database.js';
import type { StockChange, UnitQuantity } from '../rules/stock.js';
import { noteAvailable, noteChange } from './crossings.js';

export interface StockRecord {
  readonly unitId: number;
  readonly received: number;
  readonly available: number;
  readonly held: number;
  readonly sold: number;
}

const COLUMNS = 'unit_id AS unitId, received, available, held, sold';
const placeholders = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/** The stock of these units, ascending. A unit that never had any has no row. */
export async function readStock(db: Db, unitIds: readonly number[]): Promise<StockRecord[]> {
  if (unitIds.length === 0) return [];
  return select<StockRecord>(
    db,
    `SELECT ${COLUMNS} FROM stock FORCE INDEX (PRIMARY) WHERE unit_id IN (${placeholders(unitIds)}) ORDER BY unit_id`,
    unitIds,
  );
}

/** The same, locked until the transaction ends, in ascending order. */
export async function lockStock(tx: Tx, unitIds: readonly number[]): Promise<StockRecord[]> {
  if (unitIds.length === 0) return [];
  const rows = await select<StockRecord>(
    tx,
    `SELECT ${COLUMNS} FROM stock FORCE INDEX (PRIMARY) WHERE unit_id IN (${placeholders(unitIds)}) ORDER BY unit_id FOR UPDATE`,
    unitIds,
  );
  for (const { unitId, available } of rows) noteAvailable(tx, unitId, available);
  return rows;
}

/**
 * Moves units from available to held, if there are enough; a negative quantity moves them back. This statement decides who gets the last
 * one. @returns whether there were enough
 */
export async function holdAvailable(tx: Tx, unitId: number, quantity: number): Promise<boolean> {
  const { rows, told: left } = await changeTelling(
    tx,
    'UPDATE stock SET available = LAST_INSERT_ID(available - ?), held = held + ? WHERE unit_id = ? AND available >= ?',
    [quantity, quantity, unitId, quantity],
  );
  if (rows === 0) return false;
  noteAvailable(tx, unitId, left + quantity);
  noteAvailable(tx, unitId, left);
  return true;
}

/** Changes the stock of units that the transaction has locked. A constraint of the table refuses a part below 0. */
export async function changeStock(tx: Tx, changes: ReadonlyMap<number, StockChange>): Promise<void> {
  const unitIds = [...changes.keys()];
  if (unitIds.length === 0) return;
  const by = (part: (made: StockChange) => number): { sql: string; params: number[] } => ({
    sql: `CASE unit_id ${unitIds.map(() => 'WHEN ? THEN ?').join(' ')} END`,
    params: [...changes].flatMap(([unitId, made]) => [unitId, part(made)]),
  });
  const received = by(({ available, held, sold }) => available + held + sold);
  const available = by((made) => made.available);
  const held = by((made) => made.held);
  const sold = by((made) => made.sold);
  const changed = await change(
    tx,
    `UPDATE stock SET received = received + ${received.sql}, available = available + ${available.sql}, held = held + ${held.sql},
       sold = sold + ${sold.sql} WHERE unit_id IN (${placeholders(unitIds)})`,
    [...received.params, ...available.params, ...held.params, ...sold.params, ...unitIds],
  );
  if (changed !== unitIds.length) throw new Error(`${changed} rows of stock were changed instead of ${unitIds.length}`);
  for (const [unitId, made] of changes) noteChange(tx, unitId, made.available);
}

/** Makes the rows of units that never had stock, with their first goods. The units' rows are locked, so nobody else makes them. */
export async function insertFirstStock(
  tx: Tx,
  goods: readonly (UnitQuantity & { readonly sellerId: string })[],
): Promise<void> {
  await change(
    tx,
    `INSERT INTO stock (unit_id, seller_id, received, available, held, sold) VALUES ${goods.map(() => '(?, ?, ?, ?, 0, 0)').join(', ')}`,
    goods.flatMap(({ unitId, sellerId, quantity }) => [unitId, sellerId, quantity, quantity]),
  );
  for (const { unitId, quantity } of goods) noteChange(tx, unitId, quantity);
}

/**
 * Adds to the available and the received quantity, or takes away from both; makes the row with the first goods. The unit's row is locked, so
 * nobody else makes it. @returns whether there was enough to take away
 */
export async function addStock(
  tx: Tx,
  { unitId, sellerId }: { readonly unitId: number; readonly sellerId: string },
  quantity: number,
): Promise<boolean> {
  const added = await change(
    tx,
    'UPDATE stock SET received = received + ?, available = available + ? WHERE unit_id = ? AND available + ? >= 0',
    [quantity, quantity, unitId, quantity],
  );
  if (added === 0 && quantity <= 0) return false;
  if (added === 0) await insertFirstStock(tx, [{ unitId, sellerId, quantity }]);
  else noteChange(tx, unitId, quantity);
  return true;
}
