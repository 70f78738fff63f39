/** Checkouts of two servers with the strategy redlock, over HTTP, with a Redis of their own. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { type RunningApi, startApi } from '../../support/api.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';
import { differences, receive, stockOf } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let redis: TestRedis;
let link: RedisLink;
let scene: CatalogueScene;
let other: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  link = await linkTo(redis);
  const settings = {
    MAGAM_REDIS_URL: redis.url,
    MAGAM_STOCK_STRATEGY: 'redlock',
    MAGAM_STOCK_LOCK_WAIT_MS: '20000',
    MAGAM_LOG_LEVEL: 'debug',
  };
  scene = await openCatalogue(settings);
  other = await startApi(scene.database.url, { ...settings, MAGAM_STOCK_LOCK_WAIT_MS: '0' });
});
afterAll(async () => {
  expect(await differences(scene.database.db)).toEqual([]);
  await other.stop();
  await scene.end();
  link.close();
  await redis.stop();
});

const receiver = { name: '김하늘', phone: '010-1234-5678', postalCode: '04524', address: '세종대로 110' };
const buy = (unitId: number, api: RunningApi = scene.api, headers = {}) =>
  api.call('POST', '/v1/checkouts', {
    token: scene.buyer.token,
    headers,
    body: { items: [{ unitId, quantity: 1 }], receiver },
  });
async function unitWith(quantity: number): Promise<{ readonly unitId: number; readonly productId: number }> {
  const product = await scene.makeProduct();
  await receive(scene.database.db, product.unitId, quantity);
  return product;
}
const locks = () => link.client.keys('*LOCK:*');

it('the last three go to three of thirty, and no lock is left', async () => {
  const { unitId, productId } = await unitWith(3);
  const answers = await Promise.all(Array.from({ length: 30 }, () => buy(unitId)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  expect(answers.filter(({ body }) => body.code === 'INSUFFICIENT_STOCK')).toHaveLength(27);
  expect(await stockOf(scene.database.db, unitId)).toEqual([3, 0, 3, 0]);
  expect(await locks()).toEqual([]);
  const lines = scene.api
    .log()
    .split('\n')
    .filter((line) => line.includes(`"forWhom":"account ${scene.buyer.accountId}"`));
  const said = (text: string) => lines.filter((line) => line.includes(`"${text}"`));
  expect(said('lock got')).toHaveLength(30);
  expect(said('lock got')[0]).toContain(`"locks":["LOCK:product:${productId}"]`);
  expect(said('stock left')[0]).toContain(`"unitId":${unitId},"available":2`);
  expect(said('lock released')).toHaveLength(30);
});

it('a buyer who does not get the lock in time is asked to try again, and the key of the call is free again', async () => {
  const { unitId, productId } = await unitWith(1);
  await buy(unitId);
  const [namespace = ''] = (await link.client.keys('magam:*')).map((key) => key.split(':')[1] ?? '');
  const key = `magam:${namespace}:LOCK:product:${productId}`;
  await link.client.eval(`return redis.call('SET', ARGV[1], 'somebody', 'PX', 10000)`, 0, key);
  const once = { 'Idempotency-Key': `buy-${unitId}` };
  const answer = await buy(unitId, other, once);
  expect(answer).toMatchObject({ status: 503, body: { code: 'STOCK_BUSY' } });
  expect(answer.headers.get('Retry-After')).toBe('1');
  await link.client.eval(`return redis.call('DEL', ARGV[1])`, 0, key);
  expect((await buy(unitId, other, once)).body).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
});

it('passes over a lock that would never end: nobody of ours has made it', async () => {
  const { unitId, productId } = await unitWith(1);
  await buy(unitId);
  const [namespace = ''] = (await link.client.keys('magam:*')).map((key) => key.split(':')[1] ?? '');
  const key = `magam:${namespace}:LOCK:product:${productId}`;
  await link.client.eval(`return redis.call('SET', ARGV[1], 'somebody')`, 0, key);
  expect((await buy(unitId, other)).body).toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  await link.client.eval(`return redis.call('DEL', ARGV[1])`, 0, key);
});

it('goes on while Redis is away', async () => {
  const { unitId } = await unitWith(2);
  await redis.stop();
  await until(async () => (await buy(unitId)).status === 201, 'a checkout without Redis');
  const answers = await Promise.all(Array.from({ length: 10 }, () => buy(unitId)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(scene.api.log()).toContain('Redis is away: rows of stock are locked instead');
  await redis.start();
  await until(() => /"msg":"Redis back after \d+ s"/.test(scene.api.log()), 'the log says that Redis is back');
  expect(scene.api.log().match(/Redis away/g)).toHaveLength(1);
});
