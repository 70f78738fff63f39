/**
 * Stock: how many of a unit there are and where. Everything that came in is available, held for a checkout, or sold, so
 * received = available + held + sold, always.
 */
import { type Refusal, refuse } from '../../../kernel/errors.js';

/**
 * What moved stock. RECEIVE: goods came in. ADJUST: somebody counted. RESERVE: a checkout holds them. COMMIT: it was paid. RELEASE: it was
 * cancelled, or its time ran out. RETURN: what was sold came back.
 */
export const MOVEMENT_KINDS = ['RECEIVE', 'ADJUST', 'RESERVE', 'COMMIT', 'RELEASE', 'RETURN'] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** HELD until expires_at; SOLD once paid; RELEASED when nothing is left of it; EXPIRED when its time ran out and it was given back. */
export type ReservationStatus = 'HELD' | 'SOLD' | 'RELEASED' | 'EXPIRED';

/** The most that one receipt or adjustment moves. */
export const RECEIPT_MAX = 1_000_000_000;
export const REASON_MAX = 255;

export interface UnitQuantity {
  readonly unitId: number;
  readonly quantity: number;
}

/** What a movement adds to each part of a unit's stock. Its sum is what it adds to `received`. */
export interface StockChange {
  readonly available: number;
  readonly held: number;
  readonly sold: number;
}

/** What moving `quantity` of a unit changes. The quantity of an adjustment has a sign. */
export function changeOf(kind: MovementKind, quantity: number): StockChange {
  switch (kind) {
    case 'RECEIVE':
    case 'ADJUST':
      return { available: quantity, held: 0, sold: 0 };
    case 'RESERVE':
      return { available: -quantity, held: quantity, sold: 0 };
    case 'COMMIT':
      return { available: 0, held: -quantity, sold: quantity };
    case 'RELEASE':
      return { available: quantity, held: -quantity, sold: 0 };
    case 'RETURN':
      return { available: quantity, held: 0, sold: -quantity };
  }
}

/** The quantities per unit, units ascending: the order in which every transaction locks them. */
export function perUnit(units: readonly UnitQuantity[]): Map<number, number> {
  const totals = new Map<number, number>();
  for (const { unitId, quantity } of units.toSorted((a, b) => a.unitId - b.unitId)) {
    if (!Number.isSafeInteger(quantity) || quantity < 1) throw new Error(`a quantity of ${quantity} cannot be moved`);
    totals.set(unitId, (totals.get(unitId) ?? 0) + quantity);
  }
  return totals;
}

/**
 * Shares out what is available among requests in the order in which they arrived. Each gets all of its units or none, and a refusal takes
 * nothing from those that follow. `available` has every unit of which there may be too few; of others there is enough.
 * @returns for each request undefined (it gets its units) or INSUFFICIENT_STOCK, with the first unit that it lacks
 */
export function shareOut(
  requests: readonly ReadonlyMap<number, number>[],
  available: ReadonlyMap<number, number>,
): (Refusal | undefined)[] {
  const left = new Map(available);
  return requests.map((units) => {
    for (const [unitId, asked] of units) {
      const there = left.get(unitId);
      if (there !== undefined && there < asked)
        return refuse('INSUFFICIENT_STOCK', { unitId, asked, available: there });
    }
    for (const [unitId, asked] of units) {
      const there = left.get(unitId);
      if (there !== undefined) left.set(unitId, there - asked);
    }
    return undefined;
  });
}
