/**
 * The gate for orders in drops, before their transaction. Units that are sold in a drop pass the gate in Redis (gate.ts), and those of a drop that has not
 * opened yet are refused here; all others are let through. It is only a filter: the transaction of the order checks all of this again in the database
 * (drops.ts).
 *
 * The list of units in drops is read from the database once a second while orders come, and not by each order.
 */
import { Flights } from '../../infra/cache/flights.js';
import type { Db } from '../../infra/database.js';
import type { Refusal } from '../../kernel/errors.js';
import { notOpen } from './drops.js';
import type { StockGate } from './gate.js';
import type { UnitQuantity } from './rules/stock.js';
import { type DropUnit, readUnitsInDrops } from './stores/drop.js';

/** From this age on the list of units is read again, in the background (ms). */
const RENEW_MS = 1_000;
/** A list that is older is not used (ms). */
const LIFE_MS = 5_000;
/** The most units in the list, those of the newest drops. For other units only the transaction checks the drop. */
const UNITS_MAX = 10_000;

interface UnitsInDrops {
  readonly units: ReadonlyMap<number, DropUnit>;
  /** When it was requested, by the monotonic clock (ms). */
  readonly readAt: number;
}

export class DropGate {
  private readonly reading = new Flights<UnitsInDrops>();
  private list: UnitsInDrops | undefined;

  constructor(
    private readonly db: Db,
    private readonly gate: StockGate,
  ) {}

  /**
   * Carries out an order if it may pass. @returns what the order returns, or DROP_NOT_OPEN, INSUFFICIENT_STOCK; then it was not begun. Throws what the order throws,
   * and the errors of reading the list of drops.
   */
  async pass<T>(units: readonly UnitQuantity[], order: () => Promise<T | Refusal>): Promise<T | Refusal> {
    const list = await this.current();
    const inDrops = units.filter(({ unitId }) => list.units.has(unitId));
    if (inDrops.length === 0) return order();
    const shut = inDrops.map(({ unitId }) => list.units.get(unitId)).find((unit) => unit && isShut(unit, list));
    if (shut !== undefined) return notOpen(shut);
    // The order will be refused, so it must not take units from the counts that others could buy meanwhile.
    return exceedsLimit(inDrops, list) ? order() : this.gate.pass(inDrops, order);
  }

  private async current(): Promise<UnitsInDrops> {
    const age = this.list === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.list.readAt;
    if (this.list === undefined || age > LIFE_MS) return this.read();
    if (age > RENEW_MS) void this.read().catch(() => undefined); // the next order tries again
    return this.list;
  }

  private read(): Promise<UnitsInDrops> {
    return this.reading.shared('units', async () => {
      const readAt = performance.now();
      const units = await readUnitsInDrops(this.db, UNITS_MAX);
      this.list = { units: new Map(units.map((unit) => [unit.unitId, unit])), readAt };
      return this.list;
    });
  }
}

/** Never true when the drop has opened by the database's clock, because the time is counted from before the query. */
const isShut = ({ opensInMs }: DropUnit, { readAt }: UnitsInDrops): boolean => opensInMs > performance.now() - readAt;

/** Whether the order asks for more of a drop than any buyer may have. */
function exceedsLimit(units: readonly UnitQuantity[], list: UnitsInDrops): boolean {
  const asked = new Map<number, number>();
  return units.some(({ unitId, quantity }) => {
    const { dropId = 0, limitPerBuyer = null } = list.units.get(unitId) ?? {};
    const sum = (asked.get(dropId) ?? 0) + quantity;
    asked.set(dropId, sum);
    return limitPerBuyer !== null && sum > limitPerBuyer;
  });
}
