/** Checkouts over HTTP: the product beside a server with the same edge whose checkout stores nothing. */
import { randomUUID } from 'node:crypto';
import type { WantedUnit } from '../core/orders/price-units.js';
import type { Db } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import type { Buyer, Buyers } from './buyers.js';
import { type Asked, type LoadSample, loadAndFinish, startLoad } from './http-load.js';
import { say } from './measure.js';
import { countRows, LOADS, type LoadName, ordersOfCheckout, RECEIVER, requireRows, type Shop } from './shop.js';

export interface CheckoutRound {
  readonly product: LoadSample;
  readonly nothing: LoadSample;
}

export interface CheckoutRounds {
  readonly loads: Readonly<Record<LoadName, readonly CheckoutRound[]>>;
  /** Refusals of a unit that is sold out. */
  readonly refusals: readonly LoadSample[];
}

interface Plan {
  readonly db: Db;
  readonly shop: Shop;
  readonly buyers: Buyers;
  readonly product: ApiUnderMeasurement;
  readonly rival: ApiUnderMeasurement;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
}

/** A checkout as a client sends it, each under a key of its own. */
export const checkoutRequest = ({ token }: Buyer, items: readonly WantedUnit[]) => ({
  path: '/v1/checkouts',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
  body: JSON.stringify({ items, receiver: RECEIVER }),
});

/** Checkouts of one buyer after the other. */
export function checkoutsOf(
  buyers: readonly Buyer[],
  next: () => readonly WantedUnit[],
  status: 201 | 409 = 201,
): Asked {
  let at = 0;
  const request = () => {
    at += 1;
    return checkoutRequest(buyers[at % buyers.length] as Buyer, next());
  };
  return { method: 'POST', status, request };
}

async function measureLoad(plan: Plan, load: LoadName): Promise<CheckoutRound> {
  const { db, shop, buyers } = plan;
  const asked = checkoutsOf(await buyers.signIn(), await shop.basketsOf(load));
  const nothing = await loadAndFinish(plan.rival, asked, plan);
  const before = await countRows(db);
  const product = await loadAndFinish(plan.product, asked, plan);
  await requireRows(db, before, product.answers, ordersOfCheckout(load));
  return { product: product.sample, nothing: nothing.sample };
}

async function measureRefusals(plan: Plan): Promise<LoadSample> {
  const { db, shop, buyers } = plan;
  const items = [{ unitId: await shop.hotUnit(1), quantity: 1 }];
  const signedIn = await buyers.signIn();
  await startLoad(
    plan.product,
    checkoutsOf(signedIn, () => items),
    { connections: 1, answers: 1 },
  ).sample;
  const before = await countRows(db);
  const { sample } = await loadAndFinish(
    plan.product,
    checkoutsOf(signedIn, () => items, 409),
    plan,
  );
  await requireRows(db, before, 0, 1);
  return sample;
}

export async function measureCheckouts(plan: Plan): Promise<CheckoutRounds> {
  const loads = Object.fromEntries(LOADS.map((load) => [load, []])) as unknown as Record<LoadName, CheckoutRound[]>;
  const refusals: LoadSample[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const load of LOADS) {
      say(`Round ${round}: checkouts of ${load} …`);
      loads[load].push(await measureLoad(plan, load));
    }
    say(`Round ${round}: refusals …`);
    refusals.push(await measureRefusals(plan));
  }
  return { loads, refusals };
}
