/** The journal of stock. A movement is written in the transaction that moves the stock, and is never changed. */

import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import { changeOf, type MovementKind } from '../rules/stock.js';

export interface NewMovement {
  readonly unitId: number;
  readonly kind: MovementKind;
  /** The quantity moved; with a sign for ADJUST. */
  readonly quantity: number;
  /** The checkout that the units are or were held for; null: goods came in or were counted. */
  readonly holderId: number | null;
  readonly reason: string;
  readonly requestedBy: string;
}

/** Writes movements with one statement. */
export async function insertMovements(tx: Tx, movements: readonly NewMovement[]): Promise<void> {
  if (movements.length === 0) return;
  const rows = movements.map(({ unitId, kind, quantity, holderId, reason, requestedBy }) => {
    const { available, held, sold } = changeOf(kind, quantity);
    return [unitId, kind, available, held, sold, holderId, reason, requestedBy];
  });
  await change(
    tx,
    `INSERT INTO stock_movement (unit_id, kind, available_change, held_change, sold_change, holder_id, reason, requested_by, created_at)
     VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
    rows.flat(),
  );
}

export interface MovementRecord {
  readonly movementId: number;
  readonly unitId: number;
  readonly kind: MovementKind;
  readonly availableChange: number;
  readonly heldChange: number;
  readonly soldChange: number;
  readonly holderId: number | null;
  readonly reason: string;
  readonly requestedBy: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** The movements of a unit before this one, newest first. */
export async function listMovements(
  db: Db,
  unitId: number,
  before: number | undefined,
  limit: number,
): Promise<MovementRecord[]> {
  return select<MovementRecord>(
    db,
    `SELECT movement_id AS movementId, unit_id AS unitId, kind, available_change AS availableChange, held_change AS heldChange,
       sold_change AS soldChange, holder_id AS holderId, reason, requested_by AS requestedBy, created_at AS createdAt
     FROM stock_movement FORCE INDEX (stock_movement_unit) WHERE unit_id = ? ${before === undefined ? '' : 'AND movement_id < ?'}
     ORDER BY movement_id DESC LIMIT ?`,
    before === undefined ? [unitId, limit] : [unitId, before, limit],
    { createdAt: isoTime },
  );
}
