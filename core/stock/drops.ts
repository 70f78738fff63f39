/**
 * Drops: a product that is sold in a rush has an opening time, a limit per buyer, and an ordered audit of the purchases. Once the drop is ended, the product is
 * sold like all others; the audit stays.
 *
 * A checkout calls `checkDrops` before it reserves and `recordDrops` after it. A cancellation or an expiry calls `leaveDrops`.
 */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { perUnit, type UnitQuantity } from './rules/stock.js';
import {
  type DropRecord,
  type DropUnit,
  endDropRow,
  insertDrop,
  type NewDrop,
  readDrop,
  readDropsOfUnits,
} from './stores/drop.js';
import {
  type DropBuyer,
  giveBackAll,
  giveBackSome,
  insertPurchases,
  lockBuyers,
  readLastPositions,
  readWhatBuyersHave,
} from './stores/drop-purchase.js';

/** The units that a buyer wants for a checkout. */
export interface DropRequest {
  readonly accountId: number;
  readonly units: readonly UnitQuantity[];
}

/** A part of it that is sold in a drop. */
export interface WantedInDrop extends DropBuyer {
  readonly unit: DropUnit;
  readonly quantity: number;
}

/** Schedules a drop; a time that has passed opens it at once. @returns the drop, or DROP_EXISTS while the product has another */
export async function scheduleDrop(tx: Tx, drop: NewDrop): Promise<DropRecord | Refusal> {
  const dropId = await insertDrop(tx, drop);
  return isRefusal(dropId) ? dropId : justWritten(tx, dropId);
}

/** Ends a drop: from now on it has no opening time and no limit. @returns the drop, or DROP_NOT_FOUND, DROP_ENDED */
export async function endDrop(tx: Tx, dropId: number): Promise<DropRecord | Refusal> {
  if (await endDropRow(tx, dropId)) return justWritten(tx, dropId);
  return refuse((await readDrop(tx, dropId)) === undefined ? 'DROP_NOT_FOUND' : 'DROP_ENDED', { dropId });
}

async function justWritten(tx: Tx, dropId: number): Promise<DropRecord> {
  const drop = await readDrop(tx, dropId);
  if (drop === undefined) throw new Error('a drop that was just written is there');
  return drop;
}

/**
 * Checks each request against the rules of the drops in which its units are sold; requests of one buyer are added up in the order of arrival. Buyers in
 * drops with a limit are locked until the transaction ends, so that the checks stay true.
 * @returns for each the argument for `recordDrops`, or DROP_NOT_OPEN (by the database's clock), DROP_LIMIT_EXCEEDED
 */
export async function checkDrops(
  tx: Tx,
  requests: readonly DropRequest[],
): Promise<(readonly WantedInDrop[] | Refusal)[]> {
  const wanted = await wantedInDrops(tx, requests);
  const limited = perBuyer(wanted.flat().filter(({ unit }) => unit.limitPerBuyer !== null && unit.opensInMs <= 0));
  await lockBuyers(tx, limited);
  const has = new Map((await readWhatBuyersHave(tx, limited)).map((one) => [buyerKey(one), one.quantity]));
  return wanted.map((units) => {
    const shut = units.find(({ unit }) => unit.opensInMs > 0);
    if (shut !== undefined) return notOpen(shut.unit);
    const more = perBuyer(units);
    for (const one of more) {
      const { limitPerBuyer, productId } = one.unit;
      const had = has.get(buyerKey(one)) ?? 0;
      if (limitPerBuyer !== null && had + one.quantity > limitPerBuyer)
        return refuse('DROP_LIMIT_EXCEEDED', { productId, limitPerBuyer, has: had, asked: one.quantity });
    }
    for (const one of more) has.set(buyerKey(one), (has.get(buyerKey(one)) ?? 0) + one.quantity);
    return units;
  });
}

/** The refusal of a unit whose drop has not opened yet. */
export const notOpen = ({ productId, opensAt }: DropUnit): Refusal => refuse('DROP_NOT_OPEN', { productId, opensAt });

async function wantedInDrops(tx: Tx, requests: readonly DropRequest[]): Promise<WantedInDrop[][]> {
  const unitIds = [...new Set(requests.flatMap(({ units }) => units.map(({ unitId }) => unitId)))];
  const drops = new Map((await readDropsOfUnits(tx, unitIds)).map((unit) => [unit.unitId, unit]));
  return requests.map(({ accountId, units }) =>
    units.flatMap(({ unitId, quantity }) => {
      const unit = drops.get(unitId);
      return unit === undefined ? [] : [{ unit, dropId: unit.dropId, accountId, quantity }];
    }),
  );
}

const buyerKey = ({ dropId, accountId }: DropBuyer): string => `${dropId}.${accountId}`;

/** The units that buyers want in drops, with one entry for each drop and buyer. */
function perBuyer(wanted: readonly WantedInDrop[]): WantedInDrop[] {
  const sums = new Map<string, WantedInDrop>();
  for (const one of wanted) {
    const quantity = one.quantity + (sums.get(buyerKey(one))?.quantity ?? 0);
    sums.set(buyerKey(one), { ...one, quantity });
  }
  return [...sums.values()];
}

/**
 * Records the purchases in this order, with one statement for all of them. Called after `reserve` in the same transaction: the row of stock
 * that it holds is the lock under which a unit's positions are counted.
 */
export async function recordDrops(
  tx: Tx,
  holders: readonly { readonly holderId: number; readonly wanted: readonly WantedInDrop[] }[],
): Promise<void> {
  const got = holders.flatMap(({ holderId, wanted }) => wanted.map((one) => ({ ...one, holderId })));
  if (got.length === 0) return;
  const units = [...new Map(got.map(({ unit }) => [unit.unitId, unit])).values()];
  const last = new Map((await readLastPositions(tx, units)).map(({ unitId, position }) => [unitId, position]));
  await insertPurchases(
    tx,
    got.map(({ unit: { dropId, unitId }, accountId, holderId, quantity }) => {
      const position = (last.get(unitId) ?? 0) + 1;
      last.set(unitId, position);
      return { dropId, unitId, position, accountId, holderId, quantity };
    }),
  );
}

/** Gives back the units that a checkout got in drops, these or all, so that its buyer may have as many again. The checkout is locked. */
export async function leaveDrops(tx: Tx, holderId: number, units?: readonly UnitQuantity[]): Promise<void> {
  if (units === undefined) await giveBackAll(tx, holderId);
  else if (units.length > 0) await giveBackSome(tx, holderId, perUnit(units));
}
