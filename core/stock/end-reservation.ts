/** Ends the hold of a checkout: its units are sold with the payment, given back by a cancellation, or returned after the sale. */
import type { Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { changeOf, type MovementKind, perUnit, type UnitQuantity } from './rules/stock.js';
import { insertMovements } from './stores/movement.js';
import { lowerReservation, type ReservationRecord, readReservations, sellHeld } from './stores/reservation.js';
import { changeStock, lockStock } from './stores/stock.js';

/** The holder of the units, and the entry of the change in the journal. */
export interface HolderChange {
  readonly holderId: number;
  readonly requestedBy: string;
  readonly reason?: string;
}

/** The reservations of a holder with the stock of their units locked, so that nobody changes either. */
async function lockReservations(tx: Tx, holderId: number): Promise<ReservationRecord[]> {
  const reservations = await readReservations(tx, holderId);
  await lockStock(
    tx,
    reservations.map(({ unitId }) => unitId),
  );
  return readReservations(tx, holderId);
}

/**
 * Sells the units of a holder, because its payment came. Doing it again changes nothing.
 * @returns CHECKOUT_EXPIRED when a hold has expired, even if its units were not given back yet, or when nothing is held
 */
export async function commitReservation(tx: Tx, by: HolderChange): Promise<Refusal | undefined> {
  const { holderId } = by;
  const reservations = await lockReservations(tx, holderId);
  const held = reservations.filter(({ status }) => status === 'HELD');
  if (reservations.some(({ status }) => status === 'EXPIRED') || held.some(({ expired }) => expired))
    return refuse('CHECKOUT_EXPIRED', { holderId });
  if (held.length === 0)
    return reservations.some(({ status }) => status === 'SOLD') ? undefined : refuse('CHECKOUT_EXPIRED', { holderId });
  await sellHeld(tx, holderId);
  await move(tx, 'COMMIT', by, held);
  return undefined;
}

/**
 * Gives back units that a holder holds: these, or all. Units that were already given back, because their hold expired, are left as they are.
 * @returns the units given back now
 */
export function releaseReservation(
  tx: Tx,
  by: HolderChange,
  units?: readonly UnitQuantity[],
): Promise<readonly UnitQuantity[]> {
  return giveBack(tx, 'RELEASE', by, units);
}

/** Takes back units that a holder has bought: these, or all. @returns the units taken back */
export function returnUnits(
  tx: Tx,
  by: HolderChange,
  units?: readonly UnitQuantity[],
): Promise<readonly UnitQuantity[]> {
  return giveBack(tx, 'RETURN', by, units);
}

async function giveBack(
  tx: Tx,
  kind: 'RELEASE' | 'RETURN',
  by: HolderChange,
  units: readonly UnitQuantity[] | undefined,
): Promise<readonly UnitQuantity[]> {
  const status = kind === 'RELEASE' ? 'HELD' : 'SOLD';
  const reservations = await lockReservations(tx, by.holderId);
  const wanted = perUnit(units ?? reservations.filter((one) => one.status === status));
  const given = [...wanted].flatMap(([unitId, quantity]) =>
    kind === 'RELEASE' && isExpired(reservations, unitId) ? [] : [{ unitId, quantity }],
  );
  for (const one of given) await lowerReservation(tx, by.holderId, one, status);
  await move(tx, kind, by, given);
  return given;
}

const isExpired = (reservations: readonly ReservationRecord[], unitId: number): boolean =>
  reservations.some((one) => one.unitId === unitId && one.status === 'EXPIRED');

/** Moves the stock of locked units and records the movements. */
async function move(
  tx: Tx,
  kind: MovementKind,
  { holderId, requestedBy, reason = '' }: HolderChange,
  units: readonly UnitQuantity[],
): Promise<void> {
  await changeStock(tx, new Map(units.map(({ unitId, quantity }) => [unitId, changeOf(kind, quantity)])));
  await insertMovements(
    tx,
    units.map(({ unitId, quantity }) => ({ unitId, kind, quantity, holderId, reason, requestedBy })),
  );
}
