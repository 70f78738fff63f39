/**
 * Buyers of whom each does something else, at two servers and two runners of which one is killed, with providers that do wrong at random. When the faults have
 * stopped and the duties have run, no unit is held, what was charged and kept is what the orders cost, and every order is in a final state. A failure names
 * its seed: `PAYMENT_SEED=… PAYMENT_BUYERS=… npm test -- sandbox-random` plays the same buyers again.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyStock } from '../../../core/stock/verify-stock.js';
import { select } from '../../../infra/database.js';
import type { FaultRule } from '../../../sandbox/faults.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeUnit } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import type { ApiProcess } from '../../support/api.js';
import { age, letDue, undone } from '../../support/outbox.js';
import { type Approved, type Ordered, PATIENCE_MS, PROVIDERS, Refused, SandboxScene } from './sandbox-scene.js';

const { PAYMENT_BUYERS = '40', PAYMENT_SEED } = process.env;
const BUYERS = Number(PAYMENT_BUYERS);
const SEED = Number(PAYMENT_SEED ?? Date.now() % 1_000_000);
const UNITS = 4;
const AT_ONCE = 8;

const FAULTS: FaultRule[] = [
  { on: 'call', kind: 'cut-before', rate: 0.06 },
  { on: 'call', kind: 'cut-after', rate: 0.1 },
  { on: 'call', kind: 'error-before', rate: 0.06 },
  { on: 'call', kind: 'error-after', rate: 0.1 },
  { on: 'call', kind: 'delay', rate: 0.03, ms: 1.25 * PATIENCE_MS },
  { on: 'call', operation: 'confirm', kind: 'decline', rate: 0.08 },
  { on: 'call', operation: 'cancel', kind: 'decline', rate: 0.08 },
  { on: 'webhook', kind: 'lose', rate: 0.25 },
  { on: 'webhook', kind: 'duplicate', rate: 0.25 },
  { on: 'webhook', kind: 'late', rate: 0.25, ms: 400 },
  { on: 'webhook', kind: 'reorder', rate: 0.25, ms: 600 },
];

const often = (part: number) => fc.integer({ min: 1, max: 100 }).map((drawn) => drawn <= part);
/** What a buyer does. */
const plans = fc.record({
  provider: fc.constantFrom(...PROVIDERS),
  /** The buyer goes to another provider with the same checkout, too. */
  second: fc.option(fc.constantFrom(...PROVIDERS), { freq: 4 }),
  approves: often(88),
  /** 0: the buyer does not come back from the provider. */
  confirmations: fc.integer({ min: 0, max: 3 }),
  keyed: often(50),
  after: fc.constantFrom('keep', 'cancel', 'cancel-part', 'cancel-twice', 'deliver', 'take-back'),
});
type Plan = typeof plans extends fc.Arbitrary<infer Drawn> ? Drawn : never;

let scene: SandboxScene;
let unitIds: number[];
beforeAll(async () => {
  scene = await SandboxScene.open({ servers: 2, seed: SEED });
  const stock = Math.ceil((BUYERS * 2) / UNITS) + 2;
  unitIds = [];
  while (unitIds.length < UNITS) unitIds.push(await makeUnit(scene.database.db, 'S1', { stock }));
});
afterAll(() => scene?.end());

let turn = 0;
const anyServer = (): ApiProcess => {
  turn += 1;
  return scene.servers[turn % 2] as ApiProcess;
};

/** Tries again after a refusal, and at the other server when one has died. Undefined: it was refused to the last. */
async function again<T>(work: (server: ApiProcess) => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; tries < 4; tries += 1) {
    try {
      return await work(anyServer());
    } catch (error) {
      const lost = (error as Error).message === 'fetch failed' || (error as Error).message === 'terminated';
      if (!lost && !(error instanceof Refused)) throw error;
    }
  }
  return undefined;
}

async function live(plan: Plan, n: number): Promise<void> {
  const buyer = await makeAccount(scene.database.db, 'buyer');
  const ordered = await again((server) => scene.orderOf(unitIds[n % UNITS] as number, buyer, server));
  if (ordered === undefined) return;
  const approved: Approved[] = [];
  for (const provider of [plan.provider, ...(plan.second === null ? [] : [plan.second])]) {
    const opened = await again((server) => scene.opened(ordered, provider, server));
    if (opened !== undefined) approved.push(await scene.visit(opened, plan.approves ? 'approve' : 'decline'));
  }
  const confirm = (one: Approved) =>
    again((server) => scene.confirm(one, { server, ...(plan.keyed ? { key: `payment-${one.paymentId}` } : {}) }));
  await Promise.all(approved.flatMap((one) => Array.from({ length: plan.confirmations }, () => confirm(one))));
  await follow(plan.after, ordered);
}

async function follow(after: Plan['after'], ordered: Ordered): Promise<void> {
  const cancel = (quantity?: number) => again((server) => scene.cancel(ordered, quantity, server));
  if (after === 'cancel') await cancel();
  else if (after === 'cancel-part') await cancel(1);
  else if (after === 'cancel-twice') await Promise.all([cancel(1), cancel(1)]);
  else if (after !== 'keep') await again((server) => scene.deliver(ordered, server));
  if (after === 'take-back') await again((server) => scene.takeBack(ordered, 1, server));
}

/** The faults have stopped: open outcomes are found out, unpaid checkouts expire, and the following work is done. */
async function comeToRest(): Promise<void> {
  const { db } = scene.database;
  await scene.faults();
  await scene.sandbox.webhooks.idle();
  await scene.settle();
  const pending = "SELECT checkout_id AS checkoutId FROM checkout WHERE status = 'PENDING_PAYMENT'";
  await scene.expire(...(await select<{ checkoutId: number }>(db, pending)));
  await until(async () => {
    await scene.settle();
    await age(db, 31);
    await letDue(db);
    const ready = await select(db, "SELECT 1 FROM payment WHERE status = 'READY'");
    return ready.length === 0 && (await undone(db)) === 0;
  }, 'all is at rest');
  await scene.settle();
}

const count = async (sql: string): Promise<number> =>
  Number((await select<{ n: number }>(scene.database.db, sql))[0]?.n ?? 0);

async function expectSound(): Promise<void> {
  const { db } = scene.database;
  await scene.expectSameBooks();
  expect(await count('SELECT SUM(held) AS n FROM stock')).toBe(0);
  expect(await verifyStock(db)).toMatchObject({ ok: true, differences: [] });
  const kept = `SELECT c.checkout_id, c.status,
      (SELECT COALESCE(SUM(COALESCE(p.charged_minor, 0) - p.cancelled_minor), 0) FROM payment p WHERE p.checkout_id = c.checkout_id) AS kept,
      (SELECT COALESCE(SUM(IF(o.status = 'EXPIRED', 0, o.amount_minor - o.gone_minor)), 0) FROM market_order o WHERE o.checkout_id = c.checkout_id) AS cost
    FROM checkout c HAVING kept <> cost`;
  expect(await select(db, kept)).toEqual([]);
  const open = `SELECT order_id, status, returning_minor FROM market_order
    WHERE status IN ('PENDING_PAYMENT', 'CANCELLING') OR returning_minor > 0`;
  expect(await select(db, open)).toEqual([]);
  const unexplained = `SELECT o.order_id FROM market_order o LEFT JOIN payment p ON p.live_checkout_id = o.checkout_id
    WHERE o.status IN ('PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'CONFIRMED') AND p.payment_id IS NULL`;
  expect(await select(db, unexplained)).toEqual([]);
  expect(await count("SELECT COUNT(*) AS n FROM outbox_attempt WHERE status = 'DEAD'")).toBe(0);
  const sold = await count('SELECT SUM(sold) AS n FROM stock');
  const counted = await count(
    'SELECT (SELECT SUM(sales_count) FROM product) + (SELECT COALESCE(SUM(quantity), 0) FROM sales_count_change) AS n',
  );
  expect(counted).toBe(sold);
}

it(`${BUYERS} buyers, faults of every kind, and servers and runners that die (seed ${SEED})`, async () => {
  try {
    const [runner] = [await scene.runner(), await scene.runner()];
    scene.sandbox.faults.set(FAULTS);
    const waiting = fc.sample(plans, { seed: SEED, numRuns: BUYERS }).entries();
    let begun = 0;
    const work = async (): Promise<void> => {
      for (const [n, plan] of waiting) {
        begun += 1;
        await live(plan, n);
      }
    };
    const strike = async (): Promise<void> => {
      await until(() => begun > BUYERS / 2, 'half of the buyers have come');
      for (const victim of [scene.servers[1] as ApiProcess, runner]) {
        victim.send('SIGKILL');
        await victim.ended;
      }
      scene.servers[1] = await scene.server();
      await scene.letLeasesEnd();
    };
    await Promise.all([strike(), ...Array.from({ length: AT_ONCE }, work)]);
    await comeToRest();
    await expectSound();
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`PAYMENT_SEED=${SEED} PAYMENT_BUYERS=${BUYERS}: ${message}`, { cause: error });
  }
}, 3_600_000);
