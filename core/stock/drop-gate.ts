/**
 * The gate of the orders of drops, before their transaction. Units that are sold in a drop pass the gate in Redis (gate.ts), and those of a drop that is still to
 * open are refused here; all others go by. It is only a filter: the transaction of the order asks the database for all of this again (drops.ts).
 *
 * Which units are sold in drops is read from the database once a second while orders come, not by each of them.
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
/** Units in the list, those of the newest drops. Of others the transaction alone knows. */
const UNITS_MAX = 10_000;

interface UnitsInDrops {
  readonly units: ReadonlyMap<number, DropUnit>;
  /** When it was asked for, by the monotonic clock (ms). */
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
   * and what reading the list of drops does.
   */
  async pass<T>(units: readonly UnitQuantity[], order: () => Promise<T | Refusal>): Promise<T | Refusal> {
    const list = await this.current();
    const inDrops = units.filter(({ unitId }) => list.units.has(unitId));
    if (inDrops.length === 0) return order();
    const shut = inDrops.map(({ unitId }) => list.units.get(unitId)).find((unit) => unit && isShut(unit, list));
    if (shut !== undefined) return notOpen(shut);
    // It will be refused, and must not take from the counts meanwhile what others could buy.
    return exceedsLimit(inDrops, list) ? order() : this.gate.pass(inDrops, order);
  }

  private async current(): Promise<UnitsInDrops> {
    const age = this.list === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.list.readAt;
    if (this.list === undefined || age > LIFE_MS) return this.read();
    if (age > RENEW_MS) void this.read().catch(() => undefined); // what fails is tried again by the next order
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

/** Never true when the drop has opened by the database's clock: the time is counted from before the database was asked. */
const isShut = ({ opensInMs }: DropUnit, { readAt }: UnitsInDrops): boolean => opensInMs > performance.now() - readAt;

/** Whether more of a drop is wanted than any buyer may have, whatever this one has. */
function exceedsLimit(units: readonly UnitQuantity[], list: UnitsInDrops): boolean {
  const asked = new Map<number, number>();
  return units.some(({ unitId, quantity }) => {
    const { dropId = 0, limitPerBuyer = null } = list.units.get(unitId) ?? {};
    const sum = (asked.get(dropId) ?? 0) + quantity;
    asked.set(dropId, sum);
    return limitPerBuyer !== null && sum > limitPerBuyer;
  });
}
