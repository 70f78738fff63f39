/** Carts, checkouts and orders over HTTP: what each of the parties may see and do, and what a page costs the database. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiContext } from '../../../api/context.js';
import { markPaid } from '../../../api/orders/checkouts.js';
import { listOrdersRoute, showOrder } from '../../../api/orders/read-orders.js';
import { readConfig } from '../../../infra/config.js';
import { change, openDatabase, select } from '../../../infra/database.js';
import { makeAccount } from '../../support/accounts.js';
import type { CallAnswer } from '../../support/api.js';
import { planOf, statementsOf } from '../../support/plans.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const call = (...args: Parameters<CatalogueScene['api']['call']>) => scene.api.call(...args);
const receiver = {
  name: '김하늘',
  phone: '010-1234-5678',
  postalCode: '04524',
  address: '서울특별시 중구 세종대로 110',
};

async function makeUnits(fields: Readonly<Record<string, unknown>> = {}, stock = 10): Promise<number[]> {
  const { productId } = await scene.makeProduct(fields);
  const units = await select<{ unitId: number }>(
    scene.database.db,
    'SELECT unit_id AS unitId FROM sellable_unit WHERE product_id = ? ORDER BY unit_id',
    [productId],
  );
  for (const { unitId } of units)
    await call('POST', `/v1/units/${unitId}/stock/receipts`, {
      token: scene.operator.token,
      body: { quantity: stock, reason: 'first' },
    });
  return units.map(({ unitId }) => unitId);
}

const buy = async (unitIds: readonly number[], more = {}, token = scene.buyer.token): Promise<CallAnswer> =>
  call('POST', '/v1/checkouts', {
    token,
    body: { items: unitIds.map((unitId) => ({ unitId, quantity: 2 })), receiver, ...more },
  });

describe('a cart', () => {
  it('holds a unit once, changes its option and quantity, and shows prices and stock of now', async () => {
    const options = [
      { sku: 'C-1', name: 'black', priceDifferenceMinor: 0 },
      { sku: 'C-2', name: 'brown', priceDifferenceMinor: 1_000 },
    ];
    const [black = 0, brown = 0] = await makeUnits({ priceMinor: 10_000, salePriceMinor: 9_000, options });
    const [other = 0] = await makeUnits();
    const { token } = scene.buyer;
    const path = '/v1/me/cart/items';
    const added = await call('POST', path, { token, body: { unitId: black, quantity: 1 } });
    expect(added).toMatchObject({ status: 201, body: { totals: [{ currency: 'KRW', amountMinor: 9_000 }] } });
    expect((await call('POST', path, { token, body: { unitId: black, quantity: 5 } })).body).toMatchObject({
      status: 409,
      code: 'ALREADY_IN_CART',
    });
    const set = await call('PUT', `${path}/${black}`, { token, body: { quantity: 3 } });
    expect(set.body.items).toMatchObject([{ unitId: black, quantity: 3, available: 10, forSale: true }]);
    const changeTo = (unitId: number, to: number) =>
      call('PATCH', `${path}/${unitId}`, { token, body: { unitId: to } });
    expect((await changeTo(black, other)).body.code).toBe('UNIT_OF_OTHER_PRODUCT');
    expect((await changeTo(brown, black)).body.code).toBe('CART_ITEM_NOT_FOUND');
    await call('POST', path, { token, body: { unitId: brown, quantity: 1 } });
    expect((await changeTo(brown, black)).body.code).toBe('ALREADY_IN_CART');
    await call('DELETE', `${path}/${brown}`, { token });
    const changed = await changeTo(black, brown);
    expect(changed.body).toMatchObject({ items: [{ unitId: brown, quantity: 3 }], totals: [{ amountMinor: 30_000 }] });
    expect((await call('PUT', `${path}/${black}`, { token, body: { quantity: 1 } })).body.code).toBe(
      'CART_ITEM_NOT_FOUND',
    );
    expect((await call('POST', path, { token, body: { unitId: 999_999, quantity: 1 } })).body.code).toBe(
      'UNIT_NOT_FOUND',
    );
    expect((await call('POST', path, { token, body: { unitId: other, quantity: 0 } })).status).toBe(400);
    expect((await call('GET', '/v1/me/cart', { token: scene.otherBuyer.token })).body.items).toEqual([]);
    expect((await call('DELETE', `${path}/${brown}`, { token })).body.items).toEqual([]);
    await call('POST', path, { token, body: { unitId: other, quantity: 1 } });
    expect((await call('DELETE', '/v1/me/cart', { token })).status).toBe(204);
    expect((await call('POST', '/v1/checkouts', { token, body: { receiver } })).body.code).toBe('CART_EMPTY');
  });

  it('takes a hundred units and no more', async () => {
    const [unitId = 0] = await makeUnits();
    const { db } = scene.database;
    const { accountId, token } = scene.otherBuyer;
    const rows = Array.from({ length: 100 }, (_, at) => [accountId, 1_000_000 + at, 1, '2026-01-01']);
    await change(db, 'INSERT INTO cart_item (account_id, unit_id, quantity, added_at) VALUES ?', [rows]);
    const full = await call('POST', '/v1/me/cart/items', { token, body: { unitId, quantity: 1 } });
    expect(full.body.code).toBe('CART_FULL');
    expect((await call('GET', '/v1/me/cart', { token })).body.items[0]).toMatchObject({ unit: null, forSale: false });
    await call('DELETE', '/v1/me/cart', { token });
  });
});

describe('an order', () => {
  it('is seen and moved by its buyer, its seller and staff, and by nobody else', async () => {
    const units = await makeUnits();
    const { buyer, otherBuyer, seller, otherSeller, operator } = scene;
    const terms = '/v1/sellers/S1/shipping-terms/KRW';
    const set = await call('PUT', terms, { token: seller.token, body: { feeMinor: 3_000, freeFromMinor: 100_000 } });
    expect(set.status).toBe(200);
    const placed = await buy(units, { expectedAmountMinor: 81_000 });
    expect(placed).toMatchObject({
      status: 201,
      body: { amountMinor: 81_000, shippingFeeMinor: 3_000, payWithinSeconds: 900 },
    });
    expect((await buy(units, { expectedAmountMinor: 1 })).body).toMatchObject({
      code: 'PRICE_CHANGED',
      details: { expectedAmountMinor: 1, amountMinor: 81_000 },
    });
    const short = await buy(units, { items: [{ unitId: units[0], quantity: 9 }] });
    expect(short.body).toMatchObject({ status: 409, code: 'INSUFFICIENT_STOCK', details: { asked: 9, available: 8 } });
    const [{ orderId }] = placed.body.orders;
    const path = `/v1/orders/${orderId}`;
    const codes = await Promise.all(
      [buyer, seller, operator, otherBuyer, otherSeller].map(
        async ({ token }) => (await call('GET', path, { token })).status,
      ),
    );
    expect(codes).toEqual([200, 200, 200, 403, 403]);
    expect((await call('GET', path, { token: seller.token })).body.receiver).toEqual({ ...receiver, note: '' });
    const listed = async (token: string, query = '') =>
      (await call('GET', `/v1/orders${query}`, { token })).body.items?.map(
        (order: { orderId: number }) => order.orderId,
      );
    expect(await listed(buyer.token)).toContain(orderId);
    expect(await listed(seller.token, '?status=PENDING_PAYMENT')).toContain(orderId);
    expect(await listed(operator.token, '?sellerId=S1')).toContain(orderId);
    expect(await listed(otherBuyer.token)).toEqual([]);
    expect(await listed(otherSeller.token)).toEqual([]);
    // Naming oneself beside a seller opens none of the seller's orders.
    expect(await listed(otherBuyer.token, `?buyerId=${otherBuyer.accountId}&sellerId=S1`)).toEqual([]);

    const pay = `/v1/checkouts/${placed.body.checkoutId}/payment`;
    expect((await call('POST', pay, { token: buyer.token })).status).toBe(403);
    expect((await call('POST', pay, { token: operator.token })).body).toMatchObject({
      status: 'PAID',
      dueMinor: 81_000,
    });
    const stale = { 'If-Match': '"v1"' };
    expect((await call('POST', `${path}/preparation`, { token: seller.token, headers: stale })).status).toBe(412);
    await call('POST', `${path}/preparation`, { token: seller.token });
    const { version } = (await call('GET', path, { token: buyer.token })).body;
    const part = { lines: [{ lineNumber: 1, quantity: 1 }], reason: '색상 변경' };
    expect((await call('POST', `${path}/cancellations`, { token: buyer.token, body: part })).status).toBe(400);
    const equal = await Promise.all(
      Array.from({ length: 20 }, () =>
        call('POST', `${path}/cancellations`, { token: buyer.token, body: { ...part, version } }),
      ),
    );
    expect(equal.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(412)]);
    const parcel = { carrier: 'CJ대한통운', trackingNumber: '640012345678' };
    await call('POST', `${path}/shipment`, { token: seller.token, body: parcel });
    await call('POST', `${path}/delivery`, { token: seller.token });
    const confirmed = await call('POST', `${path}/confirmation`, { token: buyer.token });
    expect(confirmed.body).toMatchObject({ status: 'CONFIRMED', ...parcel, goneMinor: 39_000 });
    expect((await call('POST', `${path}/returns`, { token: buyer.token, body: {} })).status).toBe(403);
    const returned = await call('POST', `${path}/returns`, { token: seller.token, body: { reason: '불량' } });
    expect(returned.body).toMatchObject({ status: 'REFUNDED', goneMinor: 81_000 });
    const refunds = await call('GET', `${path}/refunds?limit=1`, { token: buyer.token });
    expect(refunds.body.items).toMatchObject([{ kind: 'RETURN', amountMinor: 42_000, reason: '불량' }]);
    expect((await call('DELETE', terms, { token: seller.token })).status).toBe(204);
  });

  it('that names a line twice, or lacks a field, is refused in plain words', async () => {
    const units = await makeUnits();
    const [{ orderId }] = (await buy(units)).body.orders;
    const { token } = scene.buyer;
    const line = { lineNumber: 1, quantity: 1 };
    const twice = await call('POST', `/v1/orders/${orderId}/cancellations`, {
      token,
      body: { lines: [line, line], version: 1 },
    });
    expect(twice.body).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: 'The request is invalid: body lines must name each line once.',
    });
    const without = await call('POST', '/v1/me/cart/items', { token, body: { unitId: units[0] } });
    expect(without.body.detail).toBe('The request is invalid: body quantity is missing.');
    expect((await call('POST', '/v1/me/cart/items', { token })).body.detail).toBe(
      'The request is invalid: body is missing.',
    );
  });

  it('is moved by no seller who bought it from another one before becoming a seller', async () => {
    const { operator } = scene;
    const { db } = scene.database;
    const former = await makeAccount(db, 'buyer');
    const order = async (): Promise<string> => {
      const placed = await buy(await makeUnits(), {}, former.token);
      await call('POST', `/v1/checkouts/${placed.body.checkoutId}/payment`, { token: operator.token });
      return `/v1/orders/${placed.body.orders[0].orderId}`;
    };
    const [paid, kept] = [await order(), await order()];
    const parcel = { carrier: 'CJ대한통운', trackingNumber: '640012345678' };
    await call('POST', `${kept}/preparation`, { token: operator.token });
    await call('POST', `${kept}/shipment`, { token: operator.token, body: parcel });
    await call('POST', `${kept}/delivery`, { token: operator.token });
    await call('POST', `${kept}/confirmation`, { token: former.token });
    await change(db, `UPDATE account SET role = 'seller', seller_id = 'S2' WHERE account_id = ?`, [former.accountId]);
    const step = async (path: string, body?: unknown) =>
      (await call('POST', path, { token: former.token, body })).status;
    expect(await step(`${kept}/returns`, {})).toBe(403);
    expect(await step(`${paid}/preparation`)).toBe(403);
    expect(await step(`${paid}/cancellations`, {})).toBe(403);
    expect((await call('GET', kept, { token: former.token })).body).toMatchObject({
      status: 'CONFIRMED',
      goneMinor: 0,
    });
  });

  it('that staff cancel is on record with the state it was in, and what is kept under the key of the call has no receiver', async () => {
    const { db } = scene.database;
    const placed = await buy(await makeUnits());
    const [{ orderId }] = placed.body.orders;
    const asOperator = (path: string) =>
      call('POST', path, { token: scene.operator.token, headers: { 'Idempotency-Key': path }, body: {} });
    await call('POST', `/v1/checkouts/${placed.body.checkoutId}/payment`, { token: scene.operator.token });
    const cancelled = await asOperator(`/v1/orders/${orderId}/cancellations`);
    expect(cancelled).toMatchObject({ status: 200, body: { orderId, status: 'CANCELLED' } });
    expect(await asOperator(`/v1/orders/${orderId}/cancellations`)).toMatchObject({ body: cancelled.body });
    const audited = await select(
      db,
      'SELECT before_json AS was FROM audit_log WHERE subject_type = ? AND subject_id = ?',
      ['order', String(orderId)],
    );
    expect(audited).toEqual([{ was: expect.stringMatching(/"PAID"/) }]);
    const kept = await select<{ answer: string }>(db, 'SELECT answer_body AS answer FROM idempotency_key');
    expect(kept.map(({ answer }) => answer).join()).toContain('CANCELLED');
    expect(kept.map(({ answer }) => answer).join()).not.toMatch(/김하늘|5678|세종대로/);
  });

  it('is not marked as paid by hand in production', async () => {
    const production = { ...readConfig({ NODE_ENV: 'test' }), production: true };
    const { handle } = markPaid({ config: production } as ApiContext);
    await expect(async () => handle({ params: { checkoutId: 1 } } as never)).rejects.toMatchObject({
      code: 'PAYMENT_UNAVAILABLE',
    });
  });

  it('of ten lines costs two statements beside that of the session, a list of orders one, and each reads by a key', async () => {
    const units: number[] = [];
    for (let line = 0; line < 10; line += 1) units.push(...(await makeUnits()));
    const { body } = await buy(units);
    const [{ orderId }] = body.orders;
    const db = openDatabase(scene.database.url, { poolMax: 1 });
    const context = { db, config: readConfig({ NODE_ENV: 'test' }) } as ApiContext;
    const own = { role: 'buyer', accountId: scene.buyer.accountId, sellerId: null };
    const page = await statementsOf(db, async () => {
      const answer = await showOrder(context).handle({ params: { orderId }, own } as never);
      expect(answer).toMatchObject({ body: { lines: units.map((unitId) => expect.objectContaining({ unitId })) } });
    });
    expect(page).toHaveLength(2);
    const statements = [...page];
    const owners = [{}, { buyerId: scene.buyer.accountId }, { sellerId: 'S1' }];
    for (const owner of owners)
      for (const status of [undefined, 'PENDING_PAYMENT'] as const) {
        const query = { ...owner, status, limit: 50 };
        const list = await statementsOf(db, async () => {
          const answer = await listOrdersRoute(context).handle({ query, own: null } as never);
          expect(answer).toMatchObject({
            body: { items: expect.arrayContaining([expect.objectContaining({ orderId })]) },
          });
        });
        expect(list).toHaveLength(1);
        statements.push(...list);
      }
    for (const statement of statements)
      for (const { sql, type, key, Extra } of await planOf(db, statement)) {
        expect([sql, type === 'ALL' || key === null]).toEqual([sql, false]);
        expect([sql, /filesort/.test(Extra)]).toEqual([sql, false]);
      }
    await db.destroy();
  });

  it('shows its first three lines in a list', async () => {
    const units: number[] = [];
    for (let line = 0; line < 4; line += 1) units.push(...(await makeUnits()));
    await buy(units);
    const [newest] = (await call('GET', '/v1/orders', { token: scene.buyer.token })).body.items;
    expect(newest.firstLines.map(({ lineNumber }: { lineNumber: number }) => lineNumber)).toEqual([1, 2, 3]);
    expect(newest.firstLines[0]).toEqual({
      lineNumber: 1,
      productName: expect.stringContaining('소가죽'),
      optionName: null,
      quantity: 2,
    });
  });
});

describe('a promotion', () => {
  it('is made, shown, listed and ended by staff, and taken off a checkout', async () => {
    const { operator, buyer } = scene;
    const [unitId = 0] = await makeUnits();
    const body = {
      name: '여름 할인',
      code: 'SUMMER',
      kind: 'PERCENT',
      rate: '10',
      currency: 'KRW',
      startsAt: '2020-01-01T00:00:00.000Z',
    };
    const made = await call('POST', '/v1/promotions', { token: operator.token, body });
    expect(made).toMatchObject({ status: 201, body: { rate: '10', endsAt: null, minimumMinor: 0 } });
    const path = `/v1/promotions/${made.body.promotionId}`;
    expect((await call('POST', '/v1/promotions', { token: operator.token, body })).body.code).toBe('PROMOTION_EXISTS');
    const wrong = { ...body, code: 'W', amountMinor: 5 };
    expect((await call('POST', '/v1/promotions', { token: operator.token, body: wrong })).body.code).toBe(
      'PROMOTION_INVALID',
    );
    expect((await call('GET', '/v1/promotions', { token: buyer.token })).status).toBe(403);
    expect((await call('GET', '/v1/promotions', { token: operator.token })).body.items).toHaveLength(1);
    const bought = await buy([unitId], { promotionCode: 'SUMMER' });
    expect(bought.body).toMatchObject({ platformDiscountMinor: 7_800, amountMinor: 70_200 });
    const ended = await call('PATCH', path, { token: operator.token, body: { endsAt: '2020-01-02T00:00:00.000Z' } });
    expect(ended.body).toMatchObject({ version: 2 });
    expect((await call('GET', path, { token: operator.token })).headers.get('etag')).toBe('"v2"');
    expect((await buy([unitId], { promotionCode: 'SUMMER' })).body.code).toBe('PROMOTION_NOT_APPLICABLE');
  });
});
