/** The purchases in drops, their order, and how many units a buyer has. */

import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';

/** A buyer in a drop. */
export interface DropBuyer {
  readonly dropId: number;
  readonly accountId: number;
}

/**
 * Locks buyers in drops until the transaction ends, in ascending order, so that their quantities do not change. Nothing else locks these rows, and it
 * comes before any stock is locked.
 */
export async function lockBuyers(tx: Tx, buyers: readonly DropBuyer[]): Promise<void> {
  if (buyers.length === 0) return;
  const inOrder = buyers.toSorted((a, b) => a.dropId - b.dropId || a.accountId - b.accountId);
  await change(
    tx,
    `INSERT INTO stock_drop_buyer (drop_id, account_id) VALUES ${inOrder.map(() => '(?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE account_id = account_id`,
    inOrder.flatMap(({ dropId, accountId }) => [dropId, accountId]),
  );
}

/** The quantities that these buyers have in the drops, without units given back. Buyers without units are left out. */
export async function readWhatBuyersHave(
  tx: Tx,
  buyers: readonly DropBuyer[],
): Promise<(DropBuyer & { readonly quantity: number })[]> {
  if (buyers.length === 0) return [];
  return select(
    tx,
    `SELECT drop_id AS dropId, account_id AS accountId, CAST(SUM(quantity - given_back) AS SIGNED) AS quantity
     FROM stock_drop_purchase FORCE INDEX (stock_drop_purchase_buyer)
     WHERE (drop_id, account_id) IN (${buyers.map(() => '(?, ?)').join(', ')}) GROUP BY drop_id, account_id`,
    buyers.flatMap(({ dropId, accountId }) => [dropId, accountId]),
  );
}

export interface DropPurchase extends DropBuyer {
  readonly unitId: number;
  /** From 1, in the order in which buyers got this unit. */
  readonly position: number;
  readonly holderId: number;
  readonly quantity: number;
}

/** The last position that was given for each of these units in its drop; units without a purchase are left out. */
export async function readLastPositions(
  tx: Tx,
  units: readonly Pick<DropPurchase, 'dropId' | 'unitId'>[],
): Promise<Pick<DropPurchase, 'unitId' | 'position'>[]> {
  const one = `(SELECT unit_id AS unitId, position FROM stock_drop_purchase FORCE INDEX (PRIMARY)
    WHERE drop_id = ? AND unit_id = ? ORDER BY position DESC LIMIT 1)`;
  return select(
    tx,
    units.map(() => one).join(' UNION ALL '),
    units.flatMap(({ dropId, unitId }) => [dropId, unitId]),
  );
}

/** Stores purchases with one statement. */
export async function insertPurchases(tx: Tx, purchases: readonly DropPurchase[]): Promise<void> {
  await change(
    tx,
    `INSERT INTO stock_drop_purchase (drop_id, unit_id, position, account_id, holder_id, quantity, created_at)
     VALUES ${purchases.map(() => '(?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
    purchases.flatMap((one) => [one.dropId, one.unitId, one.position, one.accountId, one.holderId, one.quantity]),
  );
}

/** Marks all units that a holder got in drops as given back. */
export async function giveBackAll(tx: Tx, holderId: number): Promise<void> {
  await change(
    tx,
    'UPDATE stock_drop_purchase FORCE INDEX (stock_drop_purchase_holder) SET given_back = quantity WHERE holder_id = ?',
    [holderId],
  );
}

/** Marks quantities of a holder's units as given back. Units that were not bought in a drop are left out. */
export async function giveBackSome(tx: Tx, holderId: number, quantities: ReadonlyMap<number, number>): Promise<void> {
  const unitIds = [...quantities.keys()];
  await change(
    tx,
    `UPDATE stock_drop_purchase FORCE INDEX (stock_drop_purchase_holder)
     SET given_back = given_back + CASE unit_id ${unitIds.map(() => 'WHEN ? THEN ?').join(' ')} END
     WHERE holder_id = ? AND unit_id IN (${unitIds.map(() => '?').join(', ')})`,
    [...[...quantities].flat(), holderId, ...unitIds],
  );
}

export interface AuditedPurchase extends DropPurchase {
  /** The part of the quantity that expired or was cancelled. */
  readonly givenBack: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** The purchases in a drop, unit by unit, in order. */
export async function listPurchases(
  db: Db,
  dropId: number,
  after: readonly [unitId: number, position: number] | undefined,
  limit: number,
): Promise<AuditedPurchase[]> {
  const [unitId, position] = after ?? [0, 0];
  return select<AuditedPurchase>(
    db,
    `SELECT drop_id AS dropId, unit_id AS unitId, position, account_id AS accountId, holder_id AS holderId, quantity, given_back AS givenBack,
       created_at AS createdAt
     FROM stock_drop_purchase FORCE INDEX (PRIMARY) WHERE drop_id = ? AND (unit_id > ? OR (unit_id = ? AND position > ?))
     ORDER BY unit_id, position LIMIT ?`,
    [dropId, unitId, unitId, position, limit],
    { createdAt: isoTime },
  );
}
