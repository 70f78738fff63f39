/**
 * The units that checkouts hold and have bought. A reservation is written under the lock of its unit's stock (stock.ts), so data read under
 * that lock is true until the transaction ends. Only the database's clock decides whether a hold has expired.
 */

import { change, type Db, databaseTime, isTrue, select, type Tx } from '../../../infra/database.js';
import type { BatchBounds } from '../../../infra/one-by-one.js';
import type { ReservationStatus, UnitQuantity } from '../rules/stock.js';

export interface ReservationRecord extends UnitQuantity {
  readonly holderId: number;
  readonly status: ReservationStatus;
  /** Its time has passed by now. */
  readonly expired: boolean;
}

export interface NewReservation extends UnitQuantity {
  readonly holderId: number;
  readonly expiresInMs: number;
}

/** Stores holds with one statement. */
export async function insertReservations(tx: Tx, reservations: readonly NewReservation[]): Promise<void> {
  if (reservations.length === 0) return;
  await change(
    tx,
    `INSERT INTO stock_reservation (holder_id, unit_id, quantity, status, expires_at, created_at) VALUES
     ${reservations.map(() => `(?, ?, ?, 'HELD', UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3))`).join(', ')}`,
    reservations.flatMap((one) => [one.holderId, one.unitId, one.quantity, one.expiresInMs * 1_000]),
  );
}

/** The units that a holder holds or has bought, ascending. */
export async function readReservations(db: Db, holderId: number): Promise<ReservationRecord[]> {
  return select<ReservationRecord>(
    db,
    `SELECT holder_id AS holderId, unit_id AS unitId, quantity, status, expires_at <= UTC_TIMESTAMP(3) AS expired
     FROM stock_reservation FORCE INDEX (PRIMARY) WHERE holder_id = ? ORDER BY unit_id`,
    [holderId],
    { expired: isTrue },
  );
}

/** Marks the units that a holder holds as bought. @returns how many reservations that were */
export const sellHeld = (tx: Tx, holderId: number): Promise<number> =>
  change(
    tx,
    `UPDATE stock_reservation FORCE INDEX (PRIMARY) SET status = 'SOLD' WHERE holder_id = ? AND status = 'HELD'`,
    [holderId],
  );

/**
 * Sets when the holds of a holder end (ISO 8601). This alone needs no lock of the stock: it takes nothing away, and a hold that somebody has just
 * found expired stays so (EXPIRED), which its payment then finds.
 */
export const setHoldsEnd = (tx: Tx, holderId: number, endsAt: string): Promise<number> =>
  change(
    tx,
    `UPDATE stock_reservation FORCE INDEX (PRIMARY) SET expires_at = ? WHERE holder_id = ? AND status = 'HELD'`,
    [databaseTime(endsAt), holderId],
  );

/** Takes a quantity out of a reservation; with its last unit the reservation is RELEASED. */
export async function lowerReservation(
  tx: Tx,
  holderId: number,
  { unitId, quantity }: UnitQuantity,
  status: 'HELD' | 'SOLD',
): Promise<void> {
  // The assignments are made from left to right, so the former quantity decides the status.
  const lowered = await change(
    tx,
    `UPDATE stock_reservation SET status = IF(quantity = ?, 'RELEASED', status), quantity = quantity - ?
     WHERE holder_id = ? AND unit_id = ? AND status = ? AND quantity >= ?`,
    [quantity, quantity, holderId, unitId, status, quantity],
  );
  if (lowered !== 1)
    throw new Error(`holder ${holderId} has fewer than ${quantity} of unit ${unitId} that are ${status}`);
}

/** Holds of a unit whose time has passed, the oldest first. */
export async function readExpired(
  tx: Tx,
  unitId: number,
  rowsMax: number,
): Promise<{ readonly holderId: number; readonly quantity: number }[]> {
  return select(
    tx,
    `SELECT holder_id AS holderId, quantity FROM stock_reservation FORCE INDEX (stock_reservation_unit)
     WHERE unit_id = ? AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at, holder_id LIMIT ?`,
    [unitId, rowsMax],
  );
}

/** Ends the holds of these holders on a unit because their time has passed. @returns how many were ended */
export const expireHolds = (tx: Tx, unitId: number, holderIds: readonly number[]): Promise<number> =>
  change(
    tx,
    `UPDATE stock_reservation FORCE INDEX (PRIMARY) SET status = 'EXPIRED', quantity = 0
     WHERE holder_id IN (${holderIds.map(() => '?').join(', ')}) AND unit_id = ? AND status = 'HELD'`,
    [...holderIds, unitId],
  );

/** The units of the holds whose time passed first, one for each hold, without the units `except`. */
export async function readUnitsOfExpired(db: Db, { rowsMax, except = [] }: BatchBounds): Promise<number[]> {
  const rows = await select<{ unitId: number }>(
    db,
    `SELECT unit_id AS unitId FROM stock_reservation FORCE INDEX (stock_reservation_expiry)
     WHERE status = 'HELD' AND expires_at <= UTC_TIMESTAMP(3) ${except.length === 0 ? '' : 'AND unit_id NOT IN (?)'}
     ORDER BY expires_at LIMIT ?`,
    except.length === 0 ? [rowsMax] : [except, rowsMax],
  );
  return rows.map(({ unitId }) => unitId);
}

/** How many of each of these units a checkout could hold now: the available ones, and those that it would take back from expired holds. */
export async function readReservable(db: Db, unitIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await select<{ unitId: number; quantity: number }>(
    db,
    `SELECT s.unit_id AS unitId, CAST(s.available + COALESCE((SELECT SUM(r.quantity) FROM stock_reservation r FORCE INDEX (stock_reservation_unit)
       WHERE r.unit_id = s.unit_id AND r.status = 'HELD' AND r.expires_at <= UTC_TIMESTAMP(3)), 0) AS SIGNED) AS quantity
     FROM stock s FORCE INDEX (PRIMARY) WHERE s.unit_id IN (${unitIds.map(() => '?').join(', ')})`,
    unitIds,
  );
  const reservable = new Map(unitIds.map((unitId) => [unitId, 0]));
  for (const { unitId, quantity } of rows) reservable.set(unitId, quantity);
  return reservable;
}
