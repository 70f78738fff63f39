/** Drops over HTTP, on a database and a Redis of its own: made, seen, sold, audited, ended; rushes on two servers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { change, type Db } from '../../../infra/database.js';
import type { RedisLink } from '../../../infra/redis.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { letExpire, receiver } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import { FUTURE, PAST } from '../../support/drop.js';
import type { TestRedis } from '../../support/redis.js';
import { receive, stockOf } from '../../support/stock.js';
import type { CatalogueScene } from '../catalogue/catalogue-scene.js';
import { openStockScene } from './stock-scene.js';

let scene: CatalogueScene;
let redis: TestRedis;
let db: Db;
let link: RedisLink;
let end: () => Promise<void>;
beforeAll(async () => {
  ({ scene, redis, link, end } = await openStockScene());
  db = scene.database.db;
});
afterAll(() => end());

const post = (path: string, body?: unknown, token = scene.seller.token, headers = {}) =>
  scene.api.call('POST', path, { token, body, headers });
const get = (path: string, token?: string) => scene.api.call('GET', path, { token });
const buy = (unitId: number, quantity = 1, token = scene.buyer.token) =>
  post('/v1/checkouts', { items: [{ unitId, quantity }], receiver }, token);
const cancel = ({ body }: CallAnswer) =>
  post(`/v1/orders/${body.orders[0].orderId}/cancellations`, {}, scene.buyer.token);

async function makeDrop(quantity: number, drop: { opensAt?: string; limitPerBuyer?: number } = {}) {
  const { productId, unitId } = await scene.makeProduct();
  await receive(db, unitId, quantity);
  const made = await post(`/v1/products/${productId}/drops`, { opensAt: PAST, ...drop });
  expect(made.status).toBe(201);
  return { productId, unitId, dropId: made.body.dropId as number, made };
}

describe('a drop', () => {
  it('is made, seen by everybody, sold within its limit, audited in order and ended', async () => {
    const { productId, unitId, dropId, made } = await makeDrop(5, { limitPerBuyer: 2 });
    const shown = { dropId, productId, sellerId: 'S1', open: true, limitPerBuyer: 2, opensAt: PAST, endedAt: null };
    expect(made.body).toMatchObject(shown);
    expect((await get(`/v1/drops/${dropId}`)).body).toEqual(made.body);
    expect((await get('/v1/drops')).body.items[0]).toEqual(made.body);
    expect((await get(`/v1/drops?productId=${productId}`)).body.items).toEqual([made.body]);
    expect((await get(`/v1/drops?productId=${productId + 999}`)).body.items).toEqual([]);
    expect(await buy(unitId, 3)).toMatchObject({
      status: 409,
      body: { code: 'DROP_LIMIT_EXCEEDED', details: { productId, limitPerBuyer: 2, has: 0, asked: 3 } },
    });
    const first = await buy(unitId, 2);
    expect(first.status).toBe(201);
    expect((await buy(unitId)).body.code).toBe('DROP_LIMIT_EXCEEDED');
    expect((await buy(unitId, 1, scene.otherBuyer.token)).status).toBe(201);
    expect((await cancel(first)).status).toBe(200);
    expect((await buy(unitId)).status).toBe(201);

    const page = await get(`/v1/drops/${dropId}/purchases?limit=2`, scene.seller.token);
    expect(page.body.items).toMatchObject([
      { position: 1, unitId, accountId: scene.buyer.accountId, quantity: 2, givenBack: 2 },
      { position: 2, unitId, accountId: scene.otherBuyer.accountId, quantity: 1, givenBack: 0 },
    ]);
    expect(page.body.items[0].checkoutId).toBe(first.body.checkoutId);
    const rest = await get(`/v1/drops/${dropId}/purchases?limit=2&cursor=${page.body.nextCursor}`, scene.seller.token);
    expect(rest.body).toMatchObject({ items: [{ position: 3, quantity: 1 }], nextCursor: null });

    expect((await post(`/v1/products/${productId}/drops`, { opensAt: PAST })).body.code).toBe('DROP_EXISTS');
    expect((await post(`/v1/drops/${dropId}/end`)).body).toMatchObject({ open: false, endedAt: expect.any(String) });
    expect((await post(`/v1/drops/${dropId}/end`)).body.code).toBe('DROP_ENDED');
    // What was cancelled is sold again when the gate has counted anew.
    await until(async () => (await buy(unitId, 2)).status === 201, 'it is sold like all products');
    const listed = (await get('/v1/sellers/S1/drops', scene.seller.token)).body.items;
    expect(listed[0]).toMatchObject({ dropId, open: false });
    expect((await get('/v1/drops')).body.items).not.toContainEqual(expect.objectContaining({ dropId }));
    expect((await get(`/v1/drops/${dropId}`)).body).toMatchObject({ dropId, open: false });
  });

  it('that is to come cannot be ordered: the question, the cart and the checkout say so', async () => {
    const { unitId, productId } = await makeDrop(5, { opensAt: FUTURE });
    expect((await get(`/v1/stock?units=${unitId}`)).body.items).toEqual([{ unitId, orderable: false, available: 0 }]);
    const { token } = scene.otherBuyer;
    expect((await post('/v1/me/cart/items', { unitId, quantity: 1 }, token)).status).toBe(201);
    expect((await get('/v1/me/cart', token)).body.items).toMatchObject([{ unitId, forSale: true, available: 0 }]);
    const refused = { status: 409, body: { code: 'DROP_NOT_OPEN', details: { productId, opensAt: FUTURE } } };
    expect(await post('/v1/checkouts', { receiver }, token)).toMatchObject(refused);
    expect(await buy(unitId)).toMatchObject(refused);
    const inKorean = { 'Accept-Language': 'ko' };
    const body = { items: [{ unitId, quantity: 1 }], receiver };
    expect((await post('/v1/checkouts', body, token, inKorean)).body.title).toBe(
      '아직 판매가 시작되지 않은 상품입니다.',
    );
  });

  it('of a product that is not in the catalogue is not announced', async () => {
    const { productId, dropId } = await makeDrop(1, { opensAt: FUTURE });
    await change(db, `UPDATE product SET status = 'HIDDEN' WHERE product_id = ?`, [productId]);
    expect((await get(`/v1/drops/${dropId}`)).body.code).toBe('DROP_NOT_FOUND');
    expect((await get('/v1/drops')).body.items).not.toContainEqual(expect.objectContaining({ dropId }));
    const listed = (await get('/v1/sellers/S1/drops', scene.seller.token)).body.items;
    expect(listed[0]).toMatchObject({ dropId });
  });

  it('gives back what expired, and it is sold again, to the same buyer, too', async () => {
    const { unitId, dropId } = await makeDrop(1, { limitPerBuyer: 1 });
    const { checkoutId } = (await buy(unitId)).body;
    expect((await buy(unitId, 1, scene.otherBuyer.token)).body.code).toBe('INSUFFICIENT_STOCK');
    await letExpire(db, checkoutId);
    expect(await expireCheckouts(db, { rowsMax: 10 })).toEqual({ found: 1, expired: 1, failed: [] });
    const audit = (await get(`/v1/drops/${dropId}/purchases`, scene.operator.token)).body.items;
    expect(audit).toMatchObject([{ quantity: 1, givenBack: 1 }]);
    await until(async () => (await buy(unitId)).status === 201, 'it is sold again');
  });

  it('passes the gate, bought directly or from the cart', async () => {
    const { unitId } = await makeDrop(1);
    const { token } = scene.buyer;
    await buy(unitId);
    await post('/v1/me/cart/items', { unitId, quantity: 1 }, token);
    for (const body of [{ items: [{ unitId, quantity: 1 }] }, {}]) {
      await link.client.flushall();
      await until(async () => {
        const answer = await post('/v1/checkouts', { ...body, receiver }, token);
        expect(answer.body).toMatchObject({ code: 'INSUFFICIENT_STOCK', details: { unitId } });
        return (await link.client.exists(`stock:g:${link.seal.realm}:${unitId}`)) === 1;
      }, 'the gate counts');
    }
  });

  it.each([
    {},
    { opensAt: null },
    { opensAt: '2026-06-30' },
    { opensAt: '2026-06-30T11:00:00Z' },
    { opensAt: '2026-06-30T11:00:00.000+09:00' },
    { opensAt: '2026-02-30T11:00:00.000Z' },
    { opensAt: PAST, limitPerBuyer: 0 },
    { opensAt: PAST, limitPerBuyer: 1.5 },
    { opensAt: PAST, limitPerBuyer: '2' },
    { opensAt: PAST, limitPerBuyer: 1_000_001 },
    { opensAt: PAST, endsAt: FUTURE },
  ])('is not made of %j', async (body) => {
    const { productId } = await scene.makeProduct();
    expect((await post(`/v1/products/${productId}/drops`, body)).body.code).toBe('REQUEST_INVALID');
  });

  it('is not made of a product that there is not, and made once under a key', async () => {
    expect((await post('/v1/products/777777/drops', { opensAt: PAST })).body.code).toBe('PRODUCT_NOT_FOUND');
    for (const call of ['', '/purchases'])
      expect((await get(`/v1/drops/777777${call}`, scene.operator.token)).body.code).toBe('DROP_NOT_FOUND');
    expect((await post('/v1/drops/777777/end', undefined, scene.operator.token)).body.code).toBe('DROP_NOT_FOUND');
    const { productId } = await scene.makeProduct();
    const make = () =>
      post(`/v1/products/${productId}/drops`, { opensAt: FUTURE }, scene.seller.token, { 'Idempotency-Key': 'drop' });
    const first = await make();
    expect(await make()).toMatchObject({ status: 201, body: first.body });
  });

  it('that staff make and end stands in the audit log', async () => {
    const { productId } = await scene.makeProduct();
    const { dropId } = (await post(`/v1/products/${productId}/drops`, { opensAt: FUTURE }, scene.operator.token)).body;
    await post(`/v1/drops/${dropId}/end`, undefined, scene.operator.token);
    const log = await get(`/v1/audit-log?subject=drop:${dropId}`, scene.operator.token);
    expect(log.body.items.map(({ action }: { action: string }) => action)).toEqual(['drop.end', 'drop.create']);
  });
});

describe.each(['update', 'redlock'])('two servers with the strategy %s', (strategy) => {
  let servers: readonly RunningApi[];
  beforeAll(async () => {
    const settings = { MAGAM_REDIS_URL: redis.url, MAGAM_STOCK_STRATEGY: strategy };
    servers = await Promise.all([1, 2].map(() => startApi(scene.database.url, settings)));
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  /** Everybody buys one at the same moment, at one of the two servers; buyers who are asked to try again do so. */
  const rush = (tokens: readonly string[], unitId: number, meanwhile: (n: number) => Promise<unknown>) =>
    Promise.all(
      tokens.map(async (token, n) => {
        await meanwhile(n);
        for (let turn = n; ; turn += 1) {
          const server = servers[turn % 2] as RunningApi;
          const body = { items: [{ unitId, quantity: 1 }], receiver };
          const answer = await server.call('POST', '/v1/checkouts', { token, body });
          if (answer.status !== 503) return answer.status === 201 ? 'sold' : (answer.body.code as string);
        }
      }),
    );
  const tally = (codes: readonly string[]) =>
    Object.fromEntries([...new Set(codes)].sort().map((code) => [code, codes.filter((one) => one === code).length]));

  it('sell ten to sixty buyers who come at once, though Redis is emptied meanwhile', async () => {
    const { unitId, dropId } = await makeDrop(10, { limitPerBuyer: 1 });
    const buyers = await Promise.all(Array.from({ length: 60 }, () => makeAccount(db, 'buyer')));
    const codes = await rush(
      buyers.map(({ token }) => token),
      unitId,
      async (n) => n % 20 === 10 && link.client.flushall(),
    );
    expect(tally(codes)).toEqual({ INSUFFICIENT_STOCK: 50, sold: 10 });
    expect(await stockOf(db, unitId)).toEqual([10, 0, 10, 0]);
    const audit = (await get(`/v1/drops/${dropId}/purchases`, scene.seller.token)).body.items;
    expect(audit.map(({ position }: { position: number }) => position)).toEqual(
      Array.from({ length: 10 }, (_, n) => n + 1),
    );
  }, 60_000);

  it('sell no more than the limit to one buyer who asks twenty times at once', async () => {
    const { unitId } = await makeDrop(50, { limitPerBuyer: 3 });
    const { token } = await makeAccount(db, 'buyer');
    const codes = await rush(Array(20).fill(token), unitId, async () => undefined);
    expect(tally(codes)).toEqual({ DROP_LIMIT_EXCEEDED: 17, sold: 3 });
    expect(await stockOf(db, unitId)).toEqual([50, 47, 3, 0]);
  }, 60_000);
});
