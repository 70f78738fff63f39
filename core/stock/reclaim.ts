/** Takes back units whose hold has expired: where a buyer needs them, and in bounded batches by a duty. */
import type { Db, Tx } from '../../infra/database.js';
import { type BatchBounds, type Failed, oneByOne } from '../../infra/one-by-one.js';
import { inStockTransaction, type Pages } from './evict-pages.js';
import { changeOf } from './rules/stock.js';
import { insertMovements } from './stores/movement.js';
import { expireHolds, readExpired, readUnitsOfExpired } from './stores/reservation.js';
import { changeStock, lockStock } from './stores/stock.js';

/** The most holds that one statement ends. */
const BATCH = 500;

interface Reclaimed {
  readonly reservations: number;
  /** Units that are available again. */
  readonly quantity: number;
}

/**
 * Ends expired holds of a unit whose stock the transaction has locked, the oldest first, until there are as many units or reservations as are wanted.
 */
export async function reclaimUnit(
  tx: Tx,
  unitId: number,
  wanted: { readonly quantity: number } | { readonly reservations: number },
): Promise<Reclaimed> {
  let reservations = 0;
  let quantity = 0;
  while ('quantity' in wanted ? quantity < wanted.quantity : reservations < wanted.reservations) {
    const rowsMax = 'quantity' in wanted ? BATCH : Math.min(BATCH, wanted.reservations - reservations);
    const expired = await readExpired(tx, unitId, rowsMax);
    if (expired.length === 0) break;
    await end(tx, unitId, expired);
    reservations += expired.length;
    quantity += expired.reduce((sum, one) => sum + one.quantity, 0);
  }
  return { reservations, quantity };
}

async function end(
  tx: Tx,
  unitId: number,
  expired: readonly { readonly holderId: number; readonly quantity: number }[],
): Promise<void> {
  const holderIds = expired.map(({ holderId }) => holderId);
  const ended = await expireHolds(tx, unitId, holderIds);
  if (ended !== expired.length) throw new Error(`${ended} holds of unit ${unitId} ended instead of ${expired.length}`);
  const quantity = expired.reduce((sum, one) => sum + one.quantity, 0);
  await changeStock(tx, new Map([[unitId, changeOf('RELEASE', quantity)]]));
  await insertMovements(
    tx,
    expired.map((one) => ({ unitId, kind: 'RELEASE', ...one, reason: 'expired', requestedBy: 'expiry' })),
  );
}

/**
 * Ends at most `rowsMax` expired holds, those that expired first. Each unit has a short transaction of its own, after which pages are evicted from
 * the cache where there is one. A unit that fails does not hold up the others; `except` names units to leave out.
 * @returns how many holds were found, which is `rowsMax` while there may be more, how many were ended, of which units, and the units that failed
 */
export async function reclaimExpired(
  db: Db,
  { cache, ...bounds }: BatchBounds & { readonly cache?: Pages },
): Promise<{
  readonly found: number;
  readonly reservations: number;
  readonly unitIds: readonly number[];
  readonly failed: readonly Failed[];
}> {
  const counts = new Map<number, number>();
  const due = await readUnitsOfExpired(db, bounds);
  for (const unitId of due) counts.set(unitId, (counts.get(unitId) ?? 0) + 1);
  const unitIds: number[] = [];
  let reservations = 0;
  const { failed } = await oneByOne(counts.keys(), async (unitId) => {
    const ended = await inStockTransaction(db, cache, async (tx) => {
      await lockStock(tx, [unitId]);
      return (await reclaimUnit(tx, unitId, { reservations: counts.get(unitId) ?? 0 })).reservations;
    });
    if (ended > 0) unitIds.push(unitId);
    reservations += ended;
    return ended > 0;
  });
  return { found: due.length, reservations, unitIds, failed };
}
