/** Sellers manage the stock of their own units, staff that of all. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commitReservation } from '../../../core/stock/end-reservation.js';
import { reserve } from '../../../core/stock/reserve.js';
import { inTransaction, select } from '../../../infra/database.js';
import { differences } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(async () => {
  expect(await differences(scene.database.db)).toEqual([]);
  await scene.end();
});

const post = (path: string, body: unknown, token = scene.seller.token, headers = {}) =>
  scene.api.call('POST', path, { token, body, headers });
const get = (path: string, token = scene.seller.token) => scene.api.call('GET', path, { token });
const receipts = (unitId: unknown) => `/v1/units/${unitId}/stock/receipts`;
const adjustments = (unitId: unknown) => `/v1/units/${unitId}/stock/adjustments`;
const goods = (quantity: number) => ({ quantity, reason: '6월 입고' });

describe('stock', () => {
  it('comes in and is counted', async () => {
    const { unitId } = await scene.makeProduct();
    expect((await get(`/v1/units/${unitId}/stock`)).body).toMatchObject({
      received: 0,
      available: 0,
      held: 0,
      sold: 0,
    });
    const received = await post(receipts(unitId), goods(10));
    expect(received).toMatchObject({ status: 200, body: { unitId, received: 10, available: 10, optionId: null } });
    const counted = await post(adjustments(unitId), { by: -3, reason: '파손' });
    expect(counted.body).toMatchObject({ received: 7, available: 7, held: 0, sold: 0 });
    expect((await post(adjustments(unitId), { by: -8, reason: '파손' })).body).toMatchObject({
      status: 409,
      code: 'STOCK_INSUFFICIENT_TO_ADJUST',
      details: { unitId, by: -8, available: 7 },
    });
    expect((await get(`/v1/units/${unitId}/stock/movements`)).body).toMatchObject({
      items: [
        { kind: 'ADJUST', availableChange: -3, reason: '파손', requestedBy: `account ${scene.seller.accountId}` },
        { kind: 'RECEIVE', availableChange: 10, reason: '6월 입고', checkoutId: null },
      ],
      nextCursor: null,
    });
  });

  it('comes in once under one key', async () => {
    const { unitId } = await scene.makeProduct();
    const key = { 'Idempotency-Key': `delivery-${unitId}` };
    const answers = [
      await post(receipts(unitId), goods(4), scene.seller.token, key),
      await post(receipts(unitId), goods(4), scene.seller.token, key),
    ];
    expect(answers.map(({ status, body }) => [status, body.available])).toEqual([
      [200, 4],
      [200, 4],
    ]);
    const counted = { 'Idempotency-Key': `count-${unitId}` };
    for (const _ of answers) await post(adjustments(unitId), { by: -1, reason: 'x' }, scene.seller.token, counted);
    expect((await get(`/v1/units/${unitId}/stock`)).body).toMatchObject({ available: 3 });
  });

  it.each([
    ['receipts', {}],
    ['receipts', { quantity: 0, reason: 'x' }],
    ['receipts', { quantity: 1.5, reason: 'x' }],
    ['receipts', { quantity: 1_000_000_001, reason: 'x' }],
    ['receipts', { quantity: 1 }],
    ['receipts', { quantity: 1, reason: ' ' }],
    ['receipts', { quantity: 1, reason: 'x', price: 1 }],
    ['adjustments', { by: 0, reason: 'x' }],
    ['adjustments', { by: '1', reason: 'x' }],
    ['adjustments', { by: -1, reason: 'x'.repeat(256) }],
  ])('takes no %s of %j', async (what, body) => {
    const { unitId } = await scene.makeProduct();
    expect((await post(`/v1/units/${unitId}/stock/${what}`, body)).body).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('shows what checkouts hold and have bought, but not who bought', async () => {
    const { db } = scene.database;
    const { unitId } = await scene.makeProduct();
    await post(receipts(unitId), goods(5));
    const units = [{ unitId: unitId as number, quantity: 2 }];
    const holder = { holderId: 9_001, requestedBy: 'account 770077', expiresInMs: 60_000 };
    await inTransaction(db, (tx) => reserve(tx, holder, units));
    expect((await get(`/v1/units/${unitId}/stock`)).body).toMatchObject({ available: 3, held: 2 });
    await inTransaction(db, (tx) => commitReservation(tx, holder));
    expect((await get(`/v1/units/${unitId}/stock`)).body).toMatchObject({ available: 3, held: 0, sold: 2 });
    const { body, text } = await get(`/v1/units/${unitId}/stock/movements?limit=2`);
    expect(body.items).toMatchObject([
      { kind: 'COMMIT', heldChange: -2, soldChange: 2, checkoutId: 9_001, requestedBy: null },
      { kind: 'RESERVE', availableChange: -2, heldChange: 2, checkoutId: 9_001 },
    ]);
    expect(text).not.toContain('770077');
    const next = await get(`/v1/units/${unitId}/stock/movements?cursor=${body.nextCursor}`);
    expect(next.body).toMatchObject({ items: [{ kind: 'RECEIVE' }], nextCursor: null });
  });
});

describe('the list', () => {
  it('has all units of a seller page by page, and those of one product', async () => {
    const options = ['A', 'B', 'C'].map((name) => ({ sku: `LIST-${name}`, name, priceDifferenceMinor: 0 }));
    const product = await scene.makeProduct({ options });
    await post(receipts(product.options[1].unitId), goods(3));
    const all: unknown[] = [];
    for (let cursor = ''; cursor !== null; ) {
      const { body } = await get(`/v1/sellers/S1/stock?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      all.push(...body.items.map((item: { unitId: number }) => item.unitId));
      cursor = body.nextCursor;
    }
    const units = await select<{ unitId: number }>(
      scene.database.db,
      `SELECT unit_id AS unitId FROM sellable_unit WHERE seller_id = 'S1' ORDER BY unit_id`,
    );
    expect(all).toEqual(units.map(({ unitId }) => unitId));
    const path = `/v1/sellers/S1/stock?productId=${product.productId}`;
    const first = await get(`${path}&limit=2`);
    expect(first.body.items).toMatchObject([
      { sku: 'LIST-A', optionName: 'A', available: 0, productName: product.name, productStatus: 'ACTIVE' },
      { sku: 'LIST-B', available: 3, optionId: product.options[1].optionId },
    ]);
    const second = await get(`${path}&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ sku: 'LIST-C' }], nextCursor: null });
    expect((await get(`/v1/sellers/S1/stock?cursor=${first.body.nextCursor}`)).body).toMatchObject({
      code: 'CURSOR_INVALID',
    });
    // Another seller's product is not among those of this one.
    expect(
      (await get(`/v1/sellers/S2/stock?productId=${product.productId}`, scene.otherSeller.token)).body,
    ).toMatchObject({
      items: [],
    });
  });
});

describe('who may', () => {
  const calls = (unitId: unknown): [string, string, unknown?][] => [
    ['GET', `/v1/units/${unitId}/stock`],
    ['GET', `/v1/units/${unitId}/stock/movements`],
    ['GET', '/v1/sellers/S1/stock'],
    ['POST', receipts(unitId), goods(1)],
    ['POST', adjustments(unitId), { by: 1, reason: 'x' }],
  ];
  const statuses = async (unitId: unknown, token?: string): Promise<number[]> => {
    const all: number[] = [];
    for (const [method, path, body] of calls(unitId))
      all.push((await scene.api.call(method, path, { ...(token === undefined ? {} : { token }), body })).status);
    return all;
  };

  it('the seller and staff, nobody else', async () => {
    const { unitId } = await scene.makeProduct();
    const all = (status: number) => [status, status, status, status, status];
    expect(await statuses(unitId)).toEqual(all(401));
    expect(await statuses(unitId, scene.buyer.token)).toEqual(all(403));
    expect(await statuses(unitId, scene.otherSeller.token)).toEqual(all(403));
    expect(await statuses(unitId, scene.seller.token)).toEqual(all(200));
    expect(await statuses(unitId, scene.operator.token)).toEqual(all(200));
    expect(await statuses(999_999, scene.operator.token)).toEqual([404, 404, 200, 404, 404]);
  });

  it('and what staff change is on record', async () => {
    const { unitId } = await scene.makeProduct();
    await post(receipts(unitId), goods(5), scene.operator.token);
    await post(adjustments(unitId), { by: -2, reason: '파손' }, scene.operator.token);
    await post(receipts(unitId), goods(1));
    const { body } = await get(`/v1/audit-log?subject=unit:${unitId}`, scene.operator.token);
    expect(body.items).toMatchObject([
      { action: 'stock.adjust', before: { available: 5 }, after: { available: 3, reason: '파손' } },
      { action: 'stock.receive', before: { available: 0 }, after: { received: 5, available: 5 } },
    ]);
  });
});
