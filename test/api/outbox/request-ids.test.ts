/** The id of a request goes from the call to the event that it causes. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const receiver = { name: '김하늘', phone: '010-1234-5678', postalCode: '04524', address: '세종대로 110' };

it('a payment and a cancellation over HTTP', async () => {
  const { api, operator, buyer, database } = scene;
  const { productId } = await scene.makeProduct();
  const sql = 'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ?';
  const [unit] = await select<{ unitId: number }>(database.db, sql, [productId]);
  const staff = { token: operator.token };
  await api.call('POST', `/v1/units/${unit?.unitId}/stock/receipts`, {
    ...staff,
    body: { quantity: 5, reason: 'new' },
  });
  const placed = await api.call('POST', '/v1/checkouts', {
    token: buyer.token,
    body: { items: [{ unitId: unit?.unitId, quantity: 2 }], receiver },
  });
  const { checkoutId, orders } = placed.body;
  const paid = await api.call('POST', `/v1/checkouts/${checkoutId}/payment`, {
    ...staff,
    headers: { 'X-Request-Id': 'the-payment' },
  });
  expect(paid.status).toBe(200);
  const cancelled = await api.call('POST', `/v1/orders/${orders[0].orderId}/cancellations`, {
    token: buyer.token,
    body: { reason: 'too late' },
    headers: { 'X-Request-Id': 'the-cancellation' },
  });
  expect(cancelled.status).toBe(200);
  const events = await select(database.db, 'SELECT type, request_id AS requestId FROM outbox_event ORDER BY event_id');
  expect(events).toEqual([
    { type: 'payment.succeeded', requestId: 'the-payment' },
    { type: 'order.refunded', requestId: 'the-cancellation' },
  ]);
});
