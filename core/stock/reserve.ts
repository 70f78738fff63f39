/**
 * Holds units for checkouts. A conditional UPDATE in the order's own transaction decides. The caller reserves last before
 * its commit, because from here on others wait for these units.
 */
import type { Tx } from '../../infra/database.js';
import type { Refusal } from '../../kernel/errors.js';
import { reclaimUnit } from './reclaim.js';
import { perUnit, shareOut, type UnitQuantity } from './rules/stock.js';
import { insertMovements } from './stores/movement.js';
import { insertReservations } from './stores/reservation.js';
import { holdAvailable, lockStock } from './stores/stock.js';

/** The holder of the units: a checkout, which reserves once. */
export interface Holder {
  readonly holderId: number;
  /** The hold ends by itself after this many milliseconds by the database's clock. */
  readonly expiresInMs: number;
  readonly requestedBy: string;
}

export interface ReserveRequest {
  readonly holder: Holder;
  readonly units: readonly UnitQuantity[];
}

/** Holds all of the units or none. @returns INSUFFICIENT_STOCK with the unit, the requested and the available quantity; nothing was written then */
export async function reserve(tx: Tx, holder: Holder, units: readonly UnitQuantity[]): Promise<Refusal | undefined> {
  return (await reserveMany(tx, [{ holder, units }]))[0];
}

/**
 * Holds units for many checkouts in one transaction: one UPDATE for each unit however many want it, one INSERT for all holds and one for all
 * movements. Each request gets all of its units or none, in the order of arrival.
 * @returns the outcome of each request: undefined, or INSUFFICIENT_STOCK, which does not affect the others
 */
export async function reserveMany(tx: Tx, requests: readonly ReserveRequest[]): Promise<(Refusal | undefined)[]> {
  const asked = requests.map(({ units }) => perUnit(units));
  const totals = perUnit(requests.flatMap(({ units }) => units));
  const enough = await holdWhileEnough(tx, totals);
  if (enough.length === totals.size) {
    await record(tx, requests, asked);
    return requests.map(() => undefined);
  }
  // There is not enough of the next unit for everybody. It and the units above it are not held yet, so the order of locks is kept.
  const open = [...totals.keys()].slice(enough.length);
  const outcomes = await shareOutOpen(tx, asked, totals, open);
  const granted = requests.filter((_, at) => outcomes[at] === undefined);
  const grantedUnits = asked.filter((_, at) => outcomes[at] === undefined);
  const grantedTotals = perUnit(granted.flatMap(({ units }) => units));
  for (const [unitId, total] of totals) {
    const more = (grantedTotals.get(unitId) ?? 0) - (enough.includes(unitId) ? total : 0);
    if (more !== 0 && !(await holdAvailable(tx, unitId, more)))
      throw new Error(`locked stock of unit ${unitId} changed`);
  }
  await record(tx, granted, grantedUnits);
  return outcomes;
}

/** How an order reserves: this way, or by another strategy. */
export type Reserve = typeof reserveMany;

/** Holds unit after unit for everybody, up to the first without enough stock. @returns the units that are held */
async function holdWhileEnough(tx: Tx, totals: ReadonlyMap<number, number>): Promise<number[]> {
  const held: number[] = [];
  for (const [unitId, total] of totals) {
    if (!(await holdAvailable(tx, unitId, total))) break;
    held.push(unitId);
  }
  return held;
}

/** Decides who gets the units that are not held yet, all of them locked. Expired holds are taken back where they are needed. */
async function shareOutOpen(
  tx: Tx,
  asked: readonly ReadonlyMap<number, number>[],
  totals: ReadonlyMap<number, number>,
  open: readonly number[],
): Promise<(Refusal | undefined)[]> {
  const rows = await lockStock(tx, open);
  const available = new Map(open.map((unitId) => [unitId, 0]));
  for (const row of rows) available.set(row.unitId, row.available);
  for (const [unitId, there] of available) {
    const missing = (totals.get(unitId) ?? 0) - there;
    if (missing > 0) available.set(unitId, there + (await reclaimUnit(tx, unitId, { quantity: missing })).quantity);
  }
  return shareOut(asked, available);
}

/** Writes the holds and their movements. */
async function record(
  tx: Tx,
  requests: readonly ReserveRequest[],
  asked: readonly ReadonlyMap<number, number>[],
): Promise<void> {
  const holds = requests.flatMap(({ holder }, at) =>
    [...(asked[at] ?? [])].map(([unitId, quantity]) => ({ ...holder, unitId, quantity })),
  );
  await insertReservations(tx, holds);
  await insertMovements(
    tx,
    holds.map(({ unitId, quantity, holderId, requestedBy }) => ({
      unitId,
      kind: 'RESERVE' as const,
      quantity,
      holderId,
      reason: '',
      requestedBy,
    })),
  );
}
