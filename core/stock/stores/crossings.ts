/**
 * Units of which a transaction took the last one or brought the first one. Only that changes what a page of the catalogue shows, so only then is the page
 * evicted. Every change of stock knows the available quantity before or after it, so nothing has to be read for this.
 */
import type { Tx } from '../../../infra/database.js';

interface Available {
  /** Before the transaction changed it. */
  readonly before: number;
  readonly now: number;
}

const noted = new WeakMap<Tx, Map<number, Available>>();

function unitsOf(tx: Tx): Map<number, Available> {
  const units = noted.get(tx) ?? new Map<number, Available>();
  noted.set(tx, units);
  return units;
}

/** The available quantity of a unit whose stock the transaction has locked. */
export function noteAvailable(tx: Tx, unitId: number, available: number): void {
  const units = unitsOf(tx);
  units.set(unitId, { before: units.get(unitId)?.before ?? available, now: available });
}

/** The quantity that the transaction has added to a unit whose stock it has locked; a unit without a row had 0. */
export function noteChange(tx: Tx, unitId: number, by: number): void {
  const units = unitsOf(tx);
  const { before, now } = units.get(unitId) ?? { before: 0, now: 0 };
  units.set(unitId, { before, now: now + by });
}

/** The units whose available count has reached or left 0 in the transaction. */
export const crossedUnits = (tx: Tx): number[] =>
  [...(noted.get(tx) ?? [])].flatMap(([unitId, { before, now }]) => ((before === 0) === (now === 0) ? [] : [unitId]));
