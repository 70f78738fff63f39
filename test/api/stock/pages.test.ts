/** Pages of the catalogue say what is out of stock; they are evicted when a unit reaches or leaves 0, and at no other change of stock. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DutyContext } from '../../../batch/duties/duty.js';
import { orderDuties } from '../../../batch/duties/orders.js';
import { CatalogueCache } from '../../../core/catalogue/catalogue-cache.js';
import { readConfig } from '../../../infra/config.js';
import { change, type Db } from '../../../infra/database.js';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { letExpire, receiver } from '../../core/orders/order-scene.js';
import type { CallAnswer } from '../../support/api.js';
import type { TestRedis } from '../../support/redis.js';
import { stockOf } from '../../support/stock.js';
import { leadElsewhere, taskRunners } from '../../support/tasks.js';
import type { CatalogueScene } from '../catalogue/catalogue-scene.js';
import { openStockScene } from './stock-scene.js';

const startRunner = taskRunners();
let redis: TestRedis;
let link: RedisLink;
let scene: CatalogueScene;
let db: Db;
let end: () => Promise<void>;
beforeAll(async () => {
  ({ scene, redis, link, end } = await openStockScene());
  db = scene.database.db;
});
afterAll(() => end());

interface Made {
  readonly productId: number;
  readonly unitId: number;
}

const page = async (productId: number) => (await scene.api.call('GET', `/v1/products/${productId}`)).body;
/** What everything cached of a product's page depends on: another word after each eviction. */
const wordOf = (productId: number) => link.client.get(`catalogue:g:p:${productId}`);

/** Whether the work had the page evicted, and what the page says then. */
async function effectOn(
  productId: number,
  work: () => Promise<unknown>,
): Promise<[evicted: boolean, outOfStock: boolean]> {
  await page(productId);
  const before = await wordOf(productId);
  expect(before).toEqual(expect.any(String));
  await work();
  const evicted = (await wordOf(productId)) !== before;
  return [evicted, (await page(productId)).outOfStock];
}

const post = async (path: string, body: unknown, token: string, expected: number): Promise<CallAnswer['body']> => {
  const answer = await scene.api.call('POST', path, { token, body });
  expect({ path, status: answer.status }).toEqual({ path, status: expected });
  return answer.body;
};
const receive = (unitId: number, quantity: number) =>
  post(`/v1/units/${unitId}/stock/receipts`, { quantity, reason: 'delivery' }, scene.seller.token, 200);
const adjust = (unitId: number, by: number) =>
  post(`/v1/units/${unitId}/stock/adjustments`, { by, reason: 'counted' }, scene.seller.token, 200);
const order = async (unitId: number, quantity: number, expected = 201) => {
  const body = { items: [{ unitId, quantity }], receiver };
  const answer = await post('/v1/checkouts', body, scene.buyer.token, expected);
  return { checkoutId: answer.checkoutId as number, orderId: answer.orders?.[0].orderId as number };
};
const pay = ({ checkoutId }: { checkoutId: number }) =>
  post(`/v1/checkouts/${checkoutId}/payment`, undefined, scene.operator.token, 200);
const cancel = ({ orderId }: { orderId: number }) =>
  post(`/v1/orders/${orderId}/cancellations`, {}, scene.buyer.token, 200);

/** A product with this stock. */
async function inStock(quantity: number): Promise<Made> {
  const made: Made = await scene.makeProduct();
  if (quantity > 0) await receive(made.unitId, quantity);
  return made;
}

/** Carries out a duty once, as a runner does. */
function carryOut(name: string): Promise<number> {
  const duty = orderDuties.find((one) => one.name === name);
  const catalogue = new CatalogueCache(link);
  const { signal } = new AbortController();
  const context = { db, config: readConfig({ NODE_ENV: 'test' }), catalogue, signal, log: () => undefined };
  return (duty as NonNullable<typeof duty>).run(context as unknown as DutyContext);
}

describe("a product's page", () => {
  it('is evicted by goods and counts that bring the first or take away the last one, and by no others', async () => {
    const { productId, unitId } = await inStock(0);
    expect((await page(productId)).outOfStock).toBe(true);
    expect(await effectOn(productId, () => receive(unitId, 3))).toEqual([true, false]);
    expect(await effectOn(productId, () => receive(unitId, 2))).toEqual([false, false]);
    expect(await effectOn(productId, () => adjust(unitId, -4))).toEqual([false, false]);
    expect(await effectOn(productId, () => adjust(unitId, -1))).toEqual([true, true]);
    expect(await effectOn(productId, () => adjust(unitId, 1))).toEqual([true, false]);
  });

  it('is evicted by the order that takes the last one and by what gives the first one back, and by no others', async () => {
    const { productId, unitId } = await inStock(4);
    const some = await order(unitId, 2);
    expect(await effectOn(productId, () => order(unitId, 1))).toEqual([false, false]);
    let last = some;
    const takeLast = async () => {
      last = await order(unitId, 1);
    };
    expect(await effectOn(productId, takeLast)).toEqual([true, true]);
    expect(await effectOn(productId, () => order(unitId, 1, 409))).toEqual([false, true]);
    expect(await effectOn(productId, () => pay(some))).toEqual([false, true]);
    expect(await effectOn(productId, () => cancel(last))).toEqual([true, false]);
    expect(await effectOn(productId, () => cancel(some))).toEqual([false, false]);
  });

  /** Two units whose hold has expired: of one it held all, of the other some. */
  async function expired(): Promise<readonly [all: Made, some: Made]> {
    const [all, some] = [await inStock(2), await inStock(5)];
    for (const { unitId } of [all, some]) await letExpire(db, (await order(unitId, 2)).checkoutId);
    return [all, some];
  }

  it.each(['expire-checkouts', 'reclaim-stock'])(
    'is evicted by the duty %s when the last ones are back',
    async (name) => {
      const [all, some] = await expired();
      const before = (await page(some.productId)) && (await wordOf(some.productId));
      expect(await effectOn(all.productId, () => carryOut(name))).toEqual([true, false]);
      expect(await wordOf(some.productId)).toBe(before);
      await carryOut('expire-checkouts');
    },
  );

  it('is evicted by a runner when it takes back the last ones', async () => {
    const [all, some] = await expired();
    // The checkouts themselves are still to be paid, so the runner takes back what they hold.
    await change(db, 'UPDATE checkout SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR', []);
    const words = () => Promise.all([all, some].map(({ productId }) => wordOf(productId)));
    await Promise.all([all, some].map(({ productId }) => page(productId)));
    const [ofAll, ofSome] = await words();
    await leadElsewhere(db);
    startRunner(scene.database.url, { MAGAM_REDIS_URL: redis.url });
    await until(async () => (await words())[0] !== ofAll, 'the page is evicted');
    await until(async () => (await stockOf(db, some.unitId))[2] === 0, 'the others are taken back, too');
    expect((await page(all.productId)).outOfStock).toBe(false);
    expect((await words())[1]).toBe(ofSome);
  });

  it('is evicted by an order that takes back expired units, if it leaves some', async () => {
    const { productId, unitId } = await inStock(3);
    const letAllExpire = async (quantity: number) => letExpire(db, (await order(unitId, quantity)).checkoutId);
    await letAllExpire(3);
    // It takes as many as it gets back.
    expect(await effectOn(productId, () => letAllExpire(3))).toEqual([false, true]);
    // It is refused, and the holds that it took back stay ended.
    expect(await effectOn(productId, () => order(unitId, 4, 409))).toEqual([true, false]);
    await letAllExpire(3);
    expect(await effectOn(productId, () => order(unitId, 1))).toEqual([true, false]);
  });

  it('says it of each option', async () => {
    const options = ['a', 'b'].map((name) => ({ sku: `O-${name}`, name, priceDifferenceMinor: 0 }));
    const { productId, options: made } = await scene.makeProduct({ options });
    const shown = async () => {
      const { outOfStock, options: ofPage } = await page(productId);
      return [outOfStock, ...ofPage.map((option: { outOfStock: boolean }) => option.outOfStock)];
    };
    expect(await shown()).toEqual([null, true, true]);
    await receive(made[1].unitId, 1);
    expect(await shown()).toEqual([null, true, false]);
  });

  it('says nothing of how many there are', async () => {
    const { productId } = await inStock(4711);
    expect(JSON.stringify(await page(productId))).not.toContain('4711');
  });
});
