/** Carts: units and quantities of an account. */
import { change, type Db, databaseTime, isoTime, orRefusal, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';

export interface CartItem {
  readonly unitId: number;
  readonly quantity: number;
  /** ISO 8601, UTC. */
  readonly addedAt: string;
}

/** The items of the cart, in the order of the units. */
export async function readCart(db: Db, accountId: number): Promise<CartItem[]> {
  return select<CartItem>(
    db,
    'SELECT unit_id AS unitId, quantity, added_at AS addedAt FROM cart_item WHERE account_id = ? ORDER BY unit_id',
    [accountId],
    { addedAt: isoTime },
  );
}

/** @returns ALREADY_IN_CART when the unit is in the cart */
export async function insertCartItem(
  tx: Tx,
  accountId: number,
  { unitId, quantity }: Pick<CartItem, 'unitId' | 'quantity'>,
): Promise<Refusal | undefined> {
  const inserted = change(
    tx,
    'INSERT INTO cart_item (account_id, unit_id, quantity, added_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [accountId, unitId, quantity],
  );
  const outcome = await orRefusal(inserted, refuse('ALREADY_IN_CART', { unitId }));
  return isRefusal(outcome) ? outcome : undefined;
}

/** @returns CART_ITEM_NOT_FOUND when the unit is not in the cart */
export async function setCartQuantity(
  tx: Tx,
  accountId: number,
  { unitId, quantity }: Pick<CartItem, 'unitId' | 'quantity'>,
): Promise<Refusal | undefined> {
  const sql = 'UPDATE cart_item SET quantity = ? WHERE account_id = ? AND unit_id = ?';
  return (await change(tx, sql, [quantity, accountId, unitId])) === 1
    ? undefined
    : refuse('CART_ITEM_NOT_FOUND', { unitId });
}

/** Replaces a unit by another one. @returns ALREADY_IN_CART or CART_ITEM_NOT_FOUND */
export async function changeCartUnit(
  tx: Tx,
  accountId: number,
  unitId: number,
  otherId: number,
): Promise<Refusal | undefined> {
  const sql = 'UPDATE cart_item SET unit_id = ? WHERE account_id = ? AND unit_id = ?';
  const changed = await orRefusal(
    change(tx, sql, [otherId, accountId, unitId]),
    refuse('ALREADY_IN_CART', { unitId: otherId }),
  );
  if (isRefusal(changed)) return changed;
  return changed === 1 ? undefined : refuse('CART_ITEM_NOT_FOUND', { unitId });
}

/** @returns CART_ITEM_NOT_FOUND when the unit is not in the cart */
export async function deleteCartItem(tx: Tx, accountId: number, unitId: number): Promise<Refusal | undefined> {
  const deleted = await change(tx, 'DELETE FROM cart_item WHERE account_id = ? AND unit_id = ?', [accountId, unitId]);
  return deleted === 1 ? undefined : refuse('CART_ITEM_NOT_FOUND', { unitId });
}

export async function clearCart(tx: Tx, accountId: number): Promise<void> {
  await change(tx, 'DELETE FROM cart_item WHERE account_id = ?', [accountId]);
}

/** The items of several accounts' carts with these units, locked until the commit in ascending order: one statement. */
export async function lockCartItems(
  tx: Tx,
  wanted: readonly { readonly accountId: number; readonly unitIds: readonly number[] }[],
): Promise<(Pick<CartItem, 'unitId' | 'quantity'> & { readonly accountId: number })[]> {
  if (wanted.length === 0) return [];
  return select(
    tx,
    `SELECT account_id AS accountId, unit_id AS unitId, quantity FROM cart_item FORCE INDEX (PRIMARY)
     WHERE ${wanted.map(() => '(account_id = ? AND unit_id IN (?))').join(' OR ')} ORDER BY account_id, unit_id FOR UPDATE`,
    wanted.flatMap(({ accountId, unitIds }) => [accountId, unitIds]),
  );
}

/** Takes ordered units out of the carts of several accounts: one statement. */
export async function deleteOrdered(
  tx: Tx,
  ordered: readonly { readonly accountId: number; readonly unitIds: readonly number[] }[],
): Promise<void> {
  const params = ordered.flatMap(({ accountId, unitIds }) => (unitIds.length === 0 ? [] : [accountId, unitIds]));
  if (params.length === 0) return;
  const each = Array.from({ length: params.length / 2 }, () => '(account_id = ? AND unit_id IN (?))').join(' OR ');
  await change(tx, `DELETE FROM cart_item WHERE ${each}`, params);
}

/** Takes units out of a cart that were added by `addedBy` (ISO 8601, UTC). */
export async function deleteBought(
  tx: Tx,
  accountId: number,
  unitIds: readonly number[],
  addedBy: string,
): Promise<void> {
  const sql = 'DELETE FROM cart_item WHERE account_id = ? AND unit_id IN (?) AND added_at <= ?';
  await change(tx, sql, [accountId, unitIds, databaseTime(addedBy)]);
}

/** Locks the cart of an account by the account's own row, so that nobody else adds to it. @returns how many units are in it */
export async function lockCart(tx: Tx, accountId: number): Promise<number> {
  await select(tx, 'SELECT account_id FROM account WHERE account_id = ? FOR UPDATE', [accountId]);
  const sql = 'SELECT COUNT(*) AS items FROM cart_item WHERE account_id = ?';
  return Number((await select<{ items: number }>(tx, sql, [accountId]))[0]?.items ?? 0);
}
