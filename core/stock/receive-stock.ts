/** The stock changes by a seller: goods come in or are counted. */
import type { Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { markInUse, readUnit } from '../catalogue/stores/sellable-unit.js';
import { perUnit, type UnitQuantity } from './rules/stock.js';
import { insertMovements } from './stores/movement.js';
import { addStock, insertFirstStock, lockStock, readStock, type StockRecord } from './stores/stock.js';

interface Change {
  readonly unitId: number;
  readonly reason: string;
  /** The account that requested it, as `nameOf` writes it. */
  readonly requestedBy: string;
}

/** Stock before and after a change. */
export interface ChangedStock {
  readonly before: StockRecord;
  readonly after: StockRecord;
}

/** Adds goods to the available quantity. @returns the stock, or UNIT_NOT_FOUND, UNIT_RETIRED */
export function receiveStock(
  tx: Tx,
  { quantity, ...change }: Change & { readonly quantity: number },
): Promise<ChangedStock | Refusal> {
  if (quantity < 1) throw new Error(`goods come in, not ${quantity} of them`);
  return add(tx, 'RECEIVE', change, quantity);
}

/**
 * Corrects the available quantity by a difference, after a count. Held and sold quantities are not corrected.
 * @returns the stock, or UNIT_NOT_FOUND, STOCK_INSUFFICIENT_TO_ADJUST
 */
export function adjustStock(
  tx: Tx,
  { by, ...change }: Change & { readonly by: number },
): Promise<ChangedStock | Refusal> {
  return add(tx, 'ADJUST', change, by);
}

/**
 * Adds the first goods of many units, with a few statements for all of them. Units that have had stock stay as they are.
 * @param goods each unit once, with its seller
 * @returns how many units got goods
 */
export async function receiveFirstStock(
  tx: Tx,
  goods: readonly (UnitQuantity & { readonly sellerId: string })[],
  by: Omit<Change, 'unitId'>,
): Promise<number> {
  if (goods.length === 0) return 0;
  const unitIds = [...perUnit(goods).keys()];
  if ((await markInUse(tx, unitIds)) !== goods.length) throw new Error('goods came in of a unit that is not there');
  const known = new Set((await lockStock(tx, unitIds)).map(({ unitId }) => unitId));
  const first = goods.filter(({ unitId }) => !known.has(unitId));
  if (first.length === 0) return 0;
  await insertFirstStock(tx, first);
  await insertMovements(
    tx,
    first.map(({ unitId, quantity }) => ({ unitId, kind: 'RECEIVE' as const, quantity, holderId: null, ...by })),
  );
  return first.length;
}

async function add(
  tx: Tx,
  kind: 'RECEIVE' | 'ADJUST',
  { unitId, reason, requestedBy }: Change,
  quantity: number,
): Promise<ChangedStock | Refusal> {
  // From here on nobody deletes the unit. A transaction that is about to delete it has the lock first, and then the unit is gone.
  if ((await markInUse(tx, [unitId])) === 0) return refuse('UNIT_NOT_FOUND', { unitId });
  const unit = await readUnit(tx, unitId);
  if (unit === undefined) throw new Error('a locked unit is there');
  if (kind === 'RECEIVE' && unit.status === 'RETIRED') return refuse('UNIT_RETIRED', { unitId });
  const [before = { unitId, received: 0, available: 0, held: 0, sold: 0 }] = await lockStock(tx, [unitId]);
  if (!(await addStock(tx, unit, quantity)))
    return refuse('STOCK_INSUFFICIENT_TO_ADJUST', { unitId, by: quantity, available: before.available });
  await insertMovements(tx, [{ unitId, kind, quantity, holderId: null, reason, requestedBy }]);
  const [after] = await readStock(tx, [unitId]);
  if (after === undefined) throw new Error('stock that was just written is there');
  return { before, after };
}
