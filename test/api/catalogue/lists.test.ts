/** Lists and pages of products over HTTP: what they find, what they cost, and how soon a change is visible, with and without Redis. */
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { catalogueRoutes } from '../../../api/catalogue/routes.js';
import { createApp } from '../../../api/edge/app.js';
import { authenticator } from '../../../api/edge/authenticate.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { limitRequests } from '../../../api/edge/request-limit.js';
import { readConfig } from '../../../infra/config.js';
import { openRedis } from '../../../infra/redis.js';
import { apiClient, type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import { contextOf } from '../../support/context.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let redis: TestRedis;
let scene: CatalogueScene;
/** A second server of the same database and Redis. */
let other: RunningApi;

beforeAll(async () => {
  redis = await startRedis();
  scene = await openCatalogue({ MAGAM_REDIS_URL: redis.url });
  other = await startApi(scene.database.url, { MAGAM_REDIS_URL: redis.url });
});
afterAll(async () => {
  await other?.stop();
  await scene?.end();
  await redis?.stop();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}) => scene.api.call('GET', path, { headers });
const ids = ({ body }: Pick<CallAnswer, 'body'>): number[] =>
  body.items.map(({ productId }: { productId: number }) => productId);

describe('a list', () => {
  it('finds by category, seller, sale, text and price, in every order, page by page', async () => {
    const made = [];
    for (const [name, priceMinor, salePriceMinor] of [
      ['여름 모자', 3_000, null],
      ['겨울 모자', 2_000, 1_000],
      ['Summer Hat', 4_000, null],
    ] as const)
      made.push((await scene.makeProduct({ name, priceMinor, salePriceMinor })).productId);
    const [summer, winter, english] = made;
    const list = async (query: string) => ids(await get(`/v1/products?sellerId=S1&${query}`));
    expect(await list('sort=price-up')).toEqual([winter, summer, english]);
    expect(await list('sort=price-down')).toEqual([english, summer, winter]);
    expect(await list(`categoryId=${scene.rootId}`)).toEqual([english, winter, summer]);
    expect(await list(`text=${encodeURIComponent('모자')}`)).toEqual([winter, summer]);
    expect(await list('text=HAT%20sum')).toEqual([english]);
    expect(await list('onSale=true')).toEqual([winter]);
    expect(await list('priceFrom=1000&priceTo=3000')).toEqual([winter, summer]);
    expect(await list('currency=USD')).toEqual([]);
    expect(ids(await get('/v1/products?sellerId=S2'))).toEqual([]);

    const first = await get('/v1/products?sort=sales&limit=2');
    expect(ids(first)).toEqual([english, winter]);
    const second = await get(`/v1/products?sort=sales&limit=2&cursor=${first.body.nextCursor}`);
    expect(ids(second)).toEqual([summer]);
    expect(second.body.nextCursor).toBeNull();
    const wrong = await get(`/v1/products?sort=newest&cursor=${first.body.nextCursor}`);
    expect(wrong.body).toMatchObject({ status: 400, code: 'CURSOR_INVALID' });
  });

  it.each(['limit=0', 'limit=201', 'sort=best', 'text=!', 'categoryId=x', 'priceFrom=-1', 'currency=won', 'page=2'])(
    'refuses %s',
    async (query) => {
      expect((await get(`/v1/products?${query}`)).body).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    },
  );

  it('and a page that did not change are not sent again', async () => {
    const { productId } = await scene.makeProduct();
    for (const path of ['/v1/products', `/v1/products/${productId}`, '/v1/categories']) {
      const first = await get(path);
      const tag = first.headers.get('etag') ?? '';
      expect(tag).toMatch(/^"[\w.-]+"$/);
      expect(first.headers.get('cache-control')).toBe('no-cache');
      const again = await get(path, { 'If-None-Match': tag });
      expect(again).toMatchObject({ status: 304, text: '' });
      expect(again.headers.get('etag')).toBe(tag);
    }
    const path = `/v1/products/${productId}`;
    const tag = (await get(path)).headers.get('etag') ?? '';
    const body = { stars: 4 };
    await scene.api.call('POST', `${path}/reviews`, { token: scene.buyer.token, body });
    expect(await get(path, { 'If-None-Match': tag })).toMatchObject({
      status: 200,
      body: { averageStars: 4, version: 1 },
    });
  });
});

describe('what a request costs', () => {
  it('a list at most two statements and a page three, nothing when they are cached', async () => {
    const { db } = scene.database;
    const link = openRedis(redis.url, 'test', () => undefined);
    await once(link.client, 'ready');
    const config = readConfig({ NODE_ENV: 'test' });
    const log = pino({ level: 'silent' });
    const app = createApp(catalogueRoutes(contextOf({ config, db, redis: link })), {
      db,
      log: { log, requests: log },
      metrics: openMetrics(db, config),
      authenticate: authenticator({ config, db }),
      draining: new AbortController().signal,
      limit: limitRequests(link, config.rateLimit),
      hashKey: 'a test',
      trustProxy: 0,
      docsPage: false,
      version: '0',
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = await apiClient(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    let statements: string[] = [];
    const note = ({ sql }: { sql: string }): void => void statements.push(sql);
    db.on('query', note);
    const costOf = async (path: string, token?: string): Promise<number> => {
      statements = [];
      expect((await client.call('GET', path, { token })).status).toBe(200);
      return statements.length;
    };
    try {
      const options = [{ sku: 'cost', name: 'x', priceDifferenceMinor: 1 }];
      const shown = await scene.makeProduct({ name: '특별한 상품', salePriceMinor: 1, options });
      const draft = await scene.makeProduct({ status: 'DRAFT' });
      const everything = `categoryId=${scene.leafId}&sellerId=S1&onSale=true&text=${encodeURIComponent('특별한 상품')}`;
      const paths = ['/v1/products', '/v1/products?sort=sales', `/v1/products?${everything}&sort=price-up&priceFrom=1`];
      for (const path of paths) {
        expect(await costOf(path)).toBeLessThanOrEqual(2);
        expect(await costOf(path)).toBe(0);
      }
      expect(await costOf(`/v1/products/${shown.productId}`)).toBeLessThanOrEqual(3);
      expect(await costOf(`/v1/products/${shown.productId}`)).toBe(0);
      // The seller's own: one of them reads who is signed in.
      expect(await costOf(`/v1/products/${draft.productId}`, scene.seller.token)).toBeLessThanOrEqual(4);
      await redis.stop();
      for (const path of paths) expect(await costOf(path)).toBeLessThanOrEqual(2);
      expect(await costOf(`/v1/products/${shown.productId}`)).toBeLessThanOrEqual(3);
    } finally {
      db.removeListener('query', note);
      server.close();
      server.closeAllConnections();
      link.close();
      await redis.start().catch(() => undefined);
    }
  });
});

describe('a change made at one server', () => {
  afterEach(async () => {
    redis.thaw();
  });

  /** What both servers show of a product: its page and the lists it is in. */
  async function seen(productId: number): Promise<unknown[]> {
    const shown: unknown[] = [];
    for (const server of [scene.api, other]) {
      shown.push((await server.call('GET', `/v1/products/${productId}`)).body.name);
      for (const query of ['', '?sellerId=S1', `?categoryId=${scene.leafId}`, `?categoryId=${scene.rootId}`]) {
        const { items } = (await server.call('GET', `/v1/products${query}`)).body;
        shown.push(items.find((item: { productId: number }) => item.productId === productId)?.name);
      }
    }
    return shown;
  }

  const all = (name: string): string[] => Array.from({ length: 10 }, () => name);

  async function rename(server: RunningApi, productId: number, name: string): Promise<void> {
    const edit = { token: scene.seller.token, body: { name } };
    expect((await server.call('PATCH', `/v1/products/${productId}`, edit)).status).toBe(200);
  }

  it('is seen at once at both, on the page and in every list', async () => {
    const { productId } = await scene.makeProduct({ name: 'name 0' });
    expect(await seen(productId)).toEqual(all('name 0'));
    for (let i = 1; i <= 10; i += 1) {
      await rename(i % 2 === 0 ? scene.api : other, productId, `name ${i}`);
      expect(await seen(productId)).toEqual(all(`name ${i}`));
    }
  });

  it('is never followed by an older answer, while many read', async () => {
    const { productId } = await scene.makeProduct({ name: 'name 0' });
    let known = 0;
    let reading = true;
    const stale: string[] = [];
    const reader = async (server: RunningApi): Promise<void> => {
      while (reading) {
        const atLeast = known;
        const { body } = await server.call('GET', `/v1/products/${productId}`);
        if (Number(body.name.slice(5)) < atLeast) stale.push(`${body.name} after ${atLeast}`);
      }
    };
    const readers = [scene.api, other, scene.api, other].map(reader);
    for (let i = 1; i <= 60; i += 1) {
      await rename(i % 2 === 0 ? scene.api : other, productId, `name ${i}`);
      known = i;
    }
    reading = false;
    await Promise.all(readers);
    expect(stale).toEqual([]);
  });

  it('is seen while Redis is frozen, and after', async () => {
    const { productId } = await scene.makeProduct({ name: 'name 0' });
    expect(await seen(productId)).toEqual(all('name 0'));
    redis.freeze();
    await rename(scene.api, productId, 'name 1');
    expect(await seen(productId)).toEqual(all('name 1'));
    redis.thaw();
    expect(await seen(productId)).toEqual(all('name 1'));
  });

  it('is seen while Redis is gone, and when it is back', async () => {
    const { productId } = await scene.makeProduct({ name: 'name 0' });
    expect(await seen(productId)).toEqual(all('name 0'));
    await redis.stop();
    await rename(scene.api, productId, 'name 1');
    expect(await seen(productId)).toEqual(all('name 1'));
    await redis.start();
    await rename(other, productId, 'name 2');
    expect(await seen(productId)).toEqual(all('name 2'));
  });
});
