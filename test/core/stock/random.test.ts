/** Random sequences of the use cases beside a model of a few lines: after each step the tables say what the model says. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commitReservation, releaseReservation, returnUnits } from '../../../core/stock/end-reservation.js';
import { adjustStock, receiveStock } from '../../../core/stock/receive-stock.js';
import { reclaimExpired } from '../../../core/stock/reclaim.js';
import { reserveMany } from '../../../core/stock/reserve.js';
import { change, type Db, inTransaction } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { differences, makeUnits, stockOf } from '../../support/stock.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const UNITS = 3;
type Basket = readonly (readonly [unit: number, quantity: number])[];
type Step =
  | { readonly do: 'receive' | 'adjust'; readonly unit: number; readonly by: number }
  | { readonly do: 'reserve'; readonly baskets: readonly Basket[] }
  | { readonly do: 'pay' | 'cancel' | 'return' | 'expire'; readonly holder: number }
  | { readonly do: 'reclaim'; readonly rowsMax: number };

const anyUnit = fc.nat(UNITS - 1);
const basket = fc.uniqueArray(fc.tuple(anyUnit, fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: UNITS,
  selector: ([unit]) => unit,
});
const anyHolder = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('receive' as const), unit: anyUnit, by: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    do: fc.constant('adjust' as const),
    unit: anyUnit,
    by: fc.integer({ min: -4, max: 4 }).filter((by) => by !== 0),
  }),
  {
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      baskets: fc.array(basket, { minLength: 1, maxLength: 4 }),
    }),
    weight: 3,
  },
  fc.record({
    do: fc.constantFrom('pay' as const, 'cancel' as const, 'return' as const, 'expire' as const),
    holder: anyHolder,
  }),
  fc.record({ do: fc.constant('reclaim' as const), rowsMax: fc.integer({ min: 1, max: 5 }) }),
);

interface Hold {
  readonly id: number;
  expired: boolean;
  /** By unit: what is left, and whether it is held, sold or gone. */
  readonly units: Map<number, { quantity: number; status: 'HELD' | 'SOLD' | 'GONE' }>;
}

/** What stock is meant to do, without a database. */
class Model {
  readonly stock = Array.from({ length: UNITS }, () => ({ available: 0, held: 0, sold: 0 }));
  readonly holds: Hold[] = [];

  add(unit: number, by: number): boolean {
    const of = this.of(unit);
    if (of.available + by < 0) return false;
    of.available += by;
    return true;
  }

  /** Whether each of the baskets is held. What expired is given back first where there is not enough for all. */
  reserve(ids: readonly number[], baskets: readonly Basket[]): boolean[] {
    const total = (unit: number): number =>
      baskets.flat().reduce((sum, [wanted, quantity]) => sum + (wanted === unit ? quantity : 0), 0);
    for (let unit = 0; unit < UNITS; unit += 1) if (total(unit) > this.of(unit).available) this.giveBackExpired(unit);
    return baskets.map((wanted, at) => {
      if (wanted.some(([unit, quantity]) => this.of(unit).available < quantity)) return false;
      const units = new Map(wanted.map(([unit, quantity]) => [unit, { quantity, status: 'HELD' as const }]));
      for (const [unit, quantity] of wanted) this.move(unit, { available: -quantity, held: quantity });
      this.holds.push({ id: ids[at] as number, expired: false, units });
      return true;
    });
  }

  giveBackExpired(unit: number): void {
    for (const hold of this.holds) if (hold.expired) this.giveBack(hold, unit, 'HELD');
  }

  pay(hold: Hold): boolean {
    const all = [...hold.units.values()];
    if (hold.expired || !all.some(({ status }) => status !== 'GONE')) return false;
    for (const [unit, part] of hold.units)
      if (part.status === 'HELD') {
        part.status = 'SOLD';
        this.move(unit, { held: -part.quantity, sold: part.quantity });
      }
    return true;
  }

  giveBack(hold: Hold, unit: number, from: 'HELD' | 'SOLD'): void {
    const part = hold.units.get(unit);
    if (part?.status !== from) return;
    part.status = 'GONE';
    this.move(unit, { available: part.quantity, [from === 'HELD' ? 'held' : 'sold']: -part.quantity });
  }

  private of(unit: number) {
    return this.stock[unit] as { available: number; held: number; sold: number };
  }

  private move(unit: number, by: Partial<Record<'available' | 'held' | 'sold', number>>): void {
    const of = this.of(unit);
    of.available += by.available ?? 0;
    of.held += by.held ?? 0;
    of.sold += by.sold ?? 0;
  }
}

let lastHolder = 0;

async function take(step: Step, model: Model, units: readonly number[]): Promise<void> {
  const on = { requestedBy: 'x', reason: 'x' };
  const idOf = (unit: number): number => units[unit] as number;
  if ('by' in step) {
    const asked = { ...on, unitId: idOf(step.unit) };
    const outcome = await inTransaction(db, (tx) =>
      step.do === 'receive'
        ? receiveStock(tx, { ...asked, quantity: step.by })
        : adjustStock(tx, { ...asked, by: step.by }),
    );
    expect(!isRefusal(outcome)).toBe(model.add(step.unit, step.by));
    return;
  }
  if (step.do === 'reserve') {
    const requests = step.baskets.map((wanted) => {
      lastHolder += 1;
      const holder = { holderId: lastHolder, expiresInMs: 3_600_000, requestedBy: 'x' };
      return { holder, units: wanted.map(([unit, quantity]) => ({ unitId: idOf(unit), quantity })) };
    });
    const ids = requests.map(({ holder }) => holder.holderId);
    const outcomes = await inTransaction(db, (tx) => reserveMany(tx, requests));
    expect(outcomes.map((outcome) => outcome === undefined)).toEqual(model.reserve(ids, step.baskets));
    return;
  }
  if (step.do === 'reclaim') {
    // All of it, in batches: which holds a bounded batch takes is a matter of milliseconds.
    while ((await reclaimExpired(db, step)).reservations > 0);
    for (let unit = 0; unit < UNITS; unit += 1) model.giveBackExpired(unit);
    return;
  }
  const hold = model.holds[step.holder];
  if (hold === undefined) return;
  const by = { ...on, holderId: hold.id };
  if (step.do === 'pay') {
    const outcome = await inTransaction(db, (tx) => commitReservation(tx, by));
    expect(outcome === undefined).toBe(model.pay(hold));
  } else if (step.do === 'expire') {
    const held = `UPDATE stock_reservation SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE holder_id = ? AND status = 'HELD'`;
    if ((await change(db, held, [hold.id])) > 0) hold.expired = true;
  } else {
    const from = step.do === 'cancel' ? 'HELD' : 'SOLD';
    await inTransaction(db, (tx) => (from === 'HELD' ? releaseReservation : returnUnits)(tx, by));
    for (const unit of hold.units.keys()) model.giveBack(hold, unit, from);
  }
}

it('keeps received = available + held + sold, journal and reservations, whatever is done in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const units = await makeUnits(db, [0, 0, 0]);
      const model = new Model();
      for (const one of steps) await take(one, model, units);
      for (const [unit, unitId] of units.entries()) {
        const { available, held, sold } = model.stock[unit] as Model['stock'][number];
        expect(await stockOf(db, unitId)).toEqual([available + held + sold, available, held, sold]);
      }
      expect(await differences(db)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
