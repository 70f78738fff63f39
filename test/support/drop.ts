/** Products in drops for tests. */
import { readUnit } from '../../core/catalogue/stores/sellable-unit.js';
import { scheduleDrop } from '../../core/stock/drops.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { makeUnits } from './stock.js';

export const PAST = '2026-01-01T00:00:00.000Z';
export const FUTURE = '2999-01-01T00:00:00.000Z';

/** A product with this stock of its one unit, in a drop that is open unless a time is given. */
export async function makeDrop(
  db: Db,
  available: number,
  { limitPerBuyer = null, opensAt = PAST }: { limitPerBuyer?: number | null; opensAt?: string } = {},
): Promise<{ readonly unitId: number; readonly productId: number; readonly dropId: number }> {
  const [unitId = 0] = await makeUnits(db, [available]);
  const productId = (await readUnit(db, unitId))?.productId ?? 0;
  const drop = { productId, sellerId: 'S1', opensAt, limitPerBuyer, requestedBy: 'test' };
  const { dropId } = decided(await inTransaction(db, (tx) => scheduleDrop(tx, drop)));
  return { unitId, productId, dropId };
}
