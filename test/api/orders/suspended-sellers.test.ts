/** A suspended seller sells nothing more, on every page and in every call; existing orders continue to their end. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Availability } from '../../../core/stock/availability.js';
import { select } from '../../../infra/database.js';
import { openRedis } from '../../../infra/redis.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const call = (...args: Parameters<CatalogueScene['api']['call']>) => scene.api.call(...args);
const receiver = { name: '김하늘', phone: '010-1234-5678', postalCode: '04524', address: '세종대로 110' };

async function makeUnit(): Promise<{ productId: number; unitId: number }> {
  const { productId, unitId } = (await scene.makeProduct()) as { productId: number; unitId: number };
  const { token } = scene.operator;
  await call('POST', `/v1/units/${unitId}/stock/receipts`, { token, body: { quantity: 10, reason: 'first' } });
  return { productId, unitId };
}

async function setStatus(status: 'ACTIVE' | 'SUSPENDED'): Promise<void> {
  const { token } = scene.operator;
  const changed = await call('PATCH', '/v1/sellers/S1', { token, body: { status }, headers: { 'If-Match': '*' } });
  expect(changed).toMatchObject({ status: 200, body: { status } });
}

const buy = (unitId: number) =>
  call('POST', '/v1/checkouts', { token: scene.buyer.token, body: { items: [{ unitId, quantity: 1 }], receiver } });

/** What everybody sees of a product: its page, the lists that it is in, and whether it can be ordered, asked anew. */
async function seen({ productId, unitId }: { productId: number; unitId: number }) {
  const found = await Promise.all(
    ['', 'sellerId=S1', `categoryId=${scene.rootId}`, 'text=%EC%86%8C%EA%B0%80%EC%A3%BD'].map(async (query) => {
      const { items } = (await call('GET', `/v1/products?${query}`)).body as { items: { productId: number }[] };
      return items.some((item) => item.productId === productId);
    }),
  );
  const redis = openRedis(process.env.MAGAM_REDIS_URL ?? '', 'test', () => undefined);
  redis.close(); // without Redis the database is asked, so nothing is a second old
  const [stock] = await new Availability(scene.database.db, redis).ask([unitId]);
  const drops = (await call('GET', '/v1/drops')).body as { items: { productId: number }[] };
  return {
    page: (await call('GET', `/v1/products/${productId}`)).status,
    found,
    drop: drops.items.some((drop) => drop.productId === productId),
    available: stock?.available,
  };
}

it('sells nothing: no list, no page, no stock, no cart, no checkout; and sells again when it may', async () => {
  const { buyer, seller, operator, otherSeller } = scene;
  const made = await makeUnit();
  const item = { unitId: made.unitId, quantity: 1 };
  const opensAt = '2026-01-01T00:00:00.000Z';
  const drop = await call('POST', `/v1/products/${made.productId}/drops`, { token: seller.token, body: { opensAt } });
  expect(drop.status).toBe(201);
  await call('POST', '/v1/me/cart/items', { token: buyer.token, body: item });
  const everywhere = { page: 200, found: [true, true, true, true], drop: true, available: 10 };
  expect(await seen(made)).toEqual(everywhere);

  await setStatus('SUSPENDED');
  expect(await seen(made)).toEqual({ page: 404, found: [false, false, false, false], drop: false, available: 0 });
  expect((await call('GET', `/v1/drops/${drop.body.dropId}`)).status).toBe(404);
  const page = `/v1/products/${made.productId}`;
  const pages = [seller, operator, buyer, otherSeller].map(({ token }) => call('GET', page, { token }));
  expect((await Promise.all(pages)).map(({ status }) => status)).toEqual([200, 200, 404, 404]);
  const cart = await call('GET', '/v1/me/cart', { token: buyer.token });
  expect(cart.body).toMatchObject({ items: [{ unitId: made.unitId, forSale: false }], totals: [] });
  const refused = { status: 409, body: { code: 'UNIT_NOT_FOR_SALE', details: { unitId: made.unitId } } };
  expect(await buy(made.unitId)).toMatchObject(refused);
  expect(await call('POST', '/v1/checkouts', { token: buyer.token, body: { receiver } })).toMatchObject(refused);
  expect(await call('POST', '/v1/me/cart/items', { token: scene.otherBuyer.token, body: item })).toMatchObject(refused);

  await setStatus('ACTIVE');
  expect(await seen(made)).toEqual(everywhere);
  expect((await buy(made.unitId)).status).toBe(201);
});

it('keeps its orders going: paid, sent, confirmed, returned, cancelled', async () => {
  const { buyer, seller, operator } = scene;
  const made = await makeUnit();
  const place = async () => {
    const { checkoutId, orders } = (await buy(made.unitId)).body as {
      checkoutId: number;
      orders: { orderId: number }[];
    };
    return { checkoutId, orderId: orders[0]?.orderId ?? 0 };
  };
  const [sent, undone] = [await place(), await place()];
  await setStatus('SUSPENDED');
  const step = (orderId: number, name: string, token: string, body?: object) =>
    call('POST', `/v1/orders/${orderId}/${name}`, {
      token,
      headers: { 'If-Match': '*' },
      ...(body === undefined ? {} : { body }),
    });
  for (const { checkoutId } of [sent, undone])
    expect((await call('POST', `/v1/checkouts/${checkoutId}/payment`, { token: operator.token })).status).toBe(200);
  for (const [name, body] of [
    ['preparation'],
    ['shipment', { carrier: '우체국', trackingNumber: '1' }],
    ['delivery'],
  ] as const)
    expect((await step(sent.orderId, name, seller.token, body)).status).toBe(200);
  expect((await step(sent.orderId, 'confirmation', buyer.token)).status).toBe(200);
  expect((await step(sent.orderId, 'returns', seller.token, { reason: '변심', restock: true })).status).toBe(200);
  expect((await step(undone.orderId, 'cancellations', buyer.token, { reason: '변심' })).status).toBe(200);
  const states = await select<{ status: string }>(
    scene.database.db,
    'SELECT status FROM market_order WHERE order_id IN (?) ORDER BY order_id',
    [[sent.orderId, undone.orderId]],
  );
  expect(states.map(({ status }) => status)).toEqual(['REFUNDED', 'CANCELLED']);
  await setStatus('ACTIVE');
});
