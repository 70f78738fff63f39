/** "Can I order this?" over HTTP, on a database, a Redis and two servers of its own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change } from '../../../infra/database.js';
import { openRedis, type RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type RunningApi, startApi } from '../../support/api.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';
import { receive } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let redis: TestRedis;
let link: RedisLink;
let scene: CatalogueScene;
let other: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  link = await linkTo(redis);
  scene = await openCatalogue({ MAGAM_REDIS_URL: redis.url });
  other = await startApi(scene.database.url, { MAGAM_REDIS_URL: redis.url });
});
afterAll(async () => {
  await other.stop();
  await scene.end();
  link.close();
  await redis.stop();
});

const ask = (units: unknown, api: RunningApi = scene.api) => api.call('GET', `/v1/stock?units=${units}`);
const answer = (unitId: number, available: number) => ({ unitId, orderable: available > 0, available });
async function unitWith(quantity: number, fields = {}): Promise<number> {
  const { unitId } = await scene.makeProduct(fields);
  if (quantity > 0) await receive(scene.database.db, unitId, quantity);
  return unitId;
}
/** A link that has the server's own keys, once it has stored the answer about a unit, and the key of that answer. */
async function linkOfServer(unitId: number): Promise<{ readonly own: RedisLink; readonly key: string }> {
  const stored = await until(async () => (await link.client.keys(`*:stock:a:*:${unitId}`))[0], 'the stored answer');
  const [, namespace = ''] = stored.split(':');
  const own = openRedis(redis.url, namespace, () => undefined);
  await until(() => own.isUp(), 'the link');
  return { own, key: stored.slice(stored.indexOf('stock:a:')) };
}

describe('the question', () => {
  it('is answered for many units at once, by everybody, each unit once and in the order asked', async () => {
    const [some, none] = [await unitWith(7), await unitWith(0)];
    const units = [none, some, 999_999, some];
    expect(await ask(units)).toMatchObject({
      status: 200,
      body: { items: [answer(none, 0), answer(some, 7), answer(999_999, 0)] },
    });
  });

  it('says 0 for a unit that is not for sale, whatever its stock is', async () => {
    const units = [await unitWith(5, { status: 'DRAFT' }), await unitWith(5), await unitWith(5)];
    await scene.database.db.raw(
      `UPDATE product p JOIN sellable_unit u ON u.product_id = p.product_id SET p.status = 'SOLD_OUT' WHERE u.unit_id = ?`,
      [units[1] ?? 0],
    );
    await change(scene.database.db, `UPDATE sellable_unit SET status = 'RETIRED' WHERE unit_id = ?`, [units[2]]);
    expect((await ask(units)).body.items).toEqual(units.map((unitId) => answer(unitId, 0)));
  });

  it.each(['', '0', '1,', ',1', '1;2', 'a', '1.5', '-1', '1'.repeat(16), '1,2&more=3'])('is not %j', async (units) => {
    expect((await ask(units)).body).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('takes a hundred units and not one more', async () => {
    const units = Array.from({ length: 101 }, (_, i) => i + 100_000);
    expect((await ask(units)).body).toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await ask(units.slice(1))).body.items).toHaveLength(100);
    expect((await ask([...units.slice(1), 100_001])).body.items).toHaveLength(100);
    expect((await scene.api.call('GET', '/v1/stock')).body).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('is answered from Redis for at most a second', async () => {
    const unitId = await unitWith(3);
    await ask(unitId);
    const { own, key } = await linkOfServer(unitId);
    let life = 0;
    await until(async () => {
      await ask(unitId); // it may have ended while the link was opened
      life = await own.client.pttl(key);
      return life > 0;
    }, 'the answer is stored');
    expect(life).toBeLessThanOrEqual(1_000);
    own.close();
  });

  it('is not answered by a number that somebody else has written to Redis', async () => {
    const unitId = await unitWith(3);
    await ask(unitId);
    const { own, key } = await linkOfServer(unitId);
    const [, ends] = String(await own.client.get(key)).split(' ');
    await own.client.set(key, `9 ${ends} ${'A'.repeat(22)}`, 'PX', 60_000);
    expect((await ask(unitId, other)).body.items).toEqual([answer(unitId, 3)]);
    own.close();
  });

  it('is answered from the database while Redis is away, and then it is new each time', async () => {
    const unitId = await unitWith(3);
    await ask(unitId);
    await redis.stop();
    await receive(scene.database.db, unitId, 1);
    expect((await ask(unitId)).body.items).toEqual([answer(unitId, 4)]);
    await receive(scene.database.db, unitId, 1);
    expect((await ask(unitId)).body.items).toEqual([answer(unitId, 5)]);
    await redis.start();
  });
});
