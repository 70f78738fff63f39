/** Calls of a cart that is asked twice, or for what is not in it any more. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { change } from '../../../infra/database.js';
import { receive } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const items = '/v1/me/cart/items';
const call = (method: string, path: string, body?: unknown, headers = {}) =>
  scene.api.call(method, path, { token: scene.buyer.token, body, headers });

async function makeUnit(): Promise<number> {
  const { unitId } = (await scene.makeProduct()) as { unitId: number };
  await receive(scene.database.db, unitId, 10);
  return unitId;
}

it('answers a repeated call as the first one, with its status and its headers', async () => {
  const unitId = await makeUnit();
  const add = () => call('POST', items, { unitId, quantity: 2 }, { 'Idempotency-Key': 'add-once' });
  const [first, again] = [await add(), await add()];
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.headers.get('location')).toBe('/v1/me/cart');
  expect(again.body).toEqual(first.body);
});

it('changes no option of a unit that is not in it or does not exist', async () => {
  const [here, absent] = [await makeUnit(), await makeUnit()];
  const same = await call('PATCH', `${items}/${absent}`, { unitId: absent });
  expect(same).toMatchObject({ status: 404, body: { code: 'CART_ITEM_NOT_FOUND' } });
  await change(
    scene.database.db,
    'INSERT INTO cart_item (account_id, unit_id, quantity, added_at) VALUES (?, 999999, 1, UTC_TIMESTAMP(3))',
    [scene.buyer.accountId],
  );
  const gone = await call('PATCH', `${items}/999999`, { unitId: here });
  expect(gone).toMatchObject({ status: 404, body: { code: 'UNIT_NOT_FOUND', details: { unitId: 999_999 } } });
});

it('shows what it costs with a promotion code, and refuses a code that takes nothing off', async () => {
  await call('DELETE', '/v1/me/cart');
  await call('POST', items, { unitId: await makeUnit(), quantity: 2 });
  const promotion = {
    code: 'CART-10',
    name: 'ten',
    kind: 'PERCENT',
    rate: '10',
    currency: 'KRW',
    startsAt: '2026-01-01T00:00:00.000Z',
  };
  const made = await scene.api.call('POST', '/v1/promotions', { token: scene.operator.token, body: promotion });
  expect(made.status).toBe(201);
  const total = async (query = '') => (await call('GET', `/v1/me/cart${query}`)).body.totals[0];
  const plain = await total();
  const goods = plain.itemAmountMinor - plain.sellerDiscountMinor;
  expect(plain.platformDiscountMinor).toBe(0);
  expect(await total('?promotionCode=CART-10')).toMatchObject({
    platformDiscountMinor: Math.floor(goods / 10),
    amountMinor: plain.amountMinor - Math.floor(goods / 10),
  });
  expect(await call('GET', '/v1/me/cart?promotionCode=cart-10')).toMatchObject({
    status: 409,
    body: { code: 'PROMOTION_NOT_APPLICABLE' },
  });
});
