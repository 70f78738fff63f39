/** Products, options and categories over HTTP: who may do what, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../infra/stores/audit-log.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const call = (...args: Parameters<CatalogueScene['api']['call']>) => scene.api.call(...args);

describe('a new product', () => {
  it('is a draft that only its seller and staff see, until it is put on sale', async () => {
    const { seller, otherSeller, operator, buyer } = scene;
    const made = await scene.makeProduct({ status: 'DRAFT', salePriceMinor: 29_000 });
    expect(made).toMatchObject({
      sellerId: 'S1',
      status: 'DRAFT',
      salePriceMinor: 29_000,
      version: 1,
      averageStars: null,
    });
    const path = `/v1/products/${made.productId}`;
    for (const token of [undefined, buyer.token, otherSeller.token])
      expect((await call('GET', path, { token })).body).toMatchObject({ status: 404, code: 'PRODUCT_NOT_FOUND' });
    for (const { token } of [seller, operator]) {
      const seen = await call('GET', path, { token });
      expect(seen.body).toEqual(made);
      expect(seen.headers.get('cache-control')).toBe('no-store');
    }
    const listed = async () =>
      (await call('GET', '/v1/products')).body.items.some(
        (item: { productId: number }) => item.productId === made.productId,
      );
    expect(await listed()).toBe(false);
    const own = await call('GET', '/v1/sellers/S1/products?status=DRAFT', { token: seller.token });
    expect(own.body.items.map((item: { productId: number }) => item.productId)).toContain(made.productId);
    expect((await call('GET', '/v1/sellers/S1/products', { token: otherSeller.token })).status).toBe(403);
    expect((await call('GET', '/v1/sellers/S1/products', { token: buyer.token })).status).toBe(403);

    const opened = await call('PATCH', path, { token: seller.token, body: { status: 'ACTIVE' } });
    expect(opened.body).toMatchObject({ status: 'ACTIVE', version: 2 });
    expect((await call('GET', path)).body).toEqual(opened.body);
    expect(await listed()).toBe(true);
    await call('PATCH', path, { token: seller.token, body: { status: 'HIDDEN' } });
    expect((await call('GET', path)).status).toBe(404);
    expect(await listed()).toBe(false);
    const back = await call('PATCH', path, { token: seller.token, body: { status: 'DRAFT' } });
    expect(back.body).toMatchObject({ status: 409, code: 'PRODUCT_STATUS_CONFLICT' });
  });

  it.each([
    ['a sale price that is not below the price', { salePriceMinor: 39_000 }, 422, 'PRICE_INVALID'],
    [
      'an option that takes the price to nothing',
      { options: [{ sku: 'X', name: 'x', priceDifferenceMinor: -39_000 }] },
      422,
      'PRICE_INVALID',
    ],
    ['a currency that is none', { currency: 'XXX' }, 422, 'CURRENCY_UNKNOWN'],
    ['a category that is none', { categoryId: 999_999 }, 404, 'CATEGORY_NOT_FOUND'],
    ['a price of nothing', { priceMinor: 0 }, 400, 'REQUEST_INVALID'],
    ['a price that is no integer', { priceMinor: 1.5 }, 400, 'REQUEST_INVALID'],
    ['an unknown field', { colour: 'red' }, 400, 'REQUEST_INVALID'],
    ["another seller's name", { sellerId: 'S2' }, 403, 'FORBIDDEN'],
    ['a name of control characters', { name: 'a\u0000b' }, 400, 'REQUEST_INVALID'],
  ])('is refused with %s', async (_, fields, status, code) => {
    const { seller, leafId } = scene;
    const body = {
      externalId: 'refused',
      categoryId: leafId,
      name: 'n',
      currency: 'KRW',
      priceMinor: 39_000,
      ...fields,
    };
    expect((await call('POST', '/v1/products', { token: seller.token, body })).body).toMatchObject({ status, code });
  });

  it('stays out of categories that have others below them, and keeps others from being made below its own', async () => {
    const { operator, rootId, leafId } = scene;
    await scene.makeProduct();
    const body = { externalId: 'root', categoryId: rootId, name: 'n', currency: 'KRW', priceMinor: 1 };
    expect((await call('POST', '/v1/products', { token: scene.seller.token, body })).body.code).toBe(
      'CATEGORY_NOT_LEAF',
    );
    const below = { name: '반지갑', parentId: leafId };
    expect((await call('POST', '/v1/categories', { token: operator.token, body: below })).body.code).toBe(
      'CATEGORY_HAS_PRODUCTS',
    );
  });

  it('has an external id of its own, and SKUs of its own, among all products of the seller', async () => {
    const { seller, operator, leafId } = scene;
    const option = { sku: 'SKU-1', name: '검정', priceDifferenceMinor: 0 };
    await scene.makeProduct({ externalId: 'taken', options: [option] });
    const body = { externalId: 'taken', categoryId: leafId, name: 'n', currency: 'KRW', priceMinor: 1_000 };
    expect((await call('POST', '/v1/products', { token: seller.token, body })).body.code).toBe('PRODUCT_EXISTS');
    const again = { ...body, externalId: 'free', options: [option] };
    expect((await call('POST', '/v1/products', { token: seller.token, body: again })).body.code).toBe('SKU_TAKEN');
    const ofOther = await call('POST', '/v1/products', { token: operator.token, body: { ...again, sellerId: 'S2' } });
    expect(ofOther).toMatchObject({ status: 201, body: { sellerId: 'S2', externalId: 'free' } });
  });

  it('is made for a seller by staff, who say which and leave a trace', async () => {
    const { operator, leafId, database } = scene;
    const body = { externalId: 'by-staff', categoryId: leafId, name: 'n', currency: 'KRW', priceMinor: 1_000 };
    const unnamed = await call('POST', '/v1/products', { token: operator.token, body });
    expect(unnamed.body).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    const nobody = await call('POST', '/v1/products', { token: operator.token, body: { ...body, sellerId: 'nobody' } });
    expect(nobody.body).toMatchObject({ status: 404, code: 'SELLER_NOT_FOUND' });
    const made = await call('POST', '/v1/products', { token: operator.token, body: { ...body, sellerId: 'S2' } });
    await call('PATCH', `/v1/products/${made.body.productId}`, { token: operator.token, body: { name: 'renamed' } });
    const subject = { type: 'product', id: String(made.body.productId) };
    const trace = await listAudit(database.db, { subject }, 10);
    expect(trace.map(({ action, actorAccountId }) => ({ action, actorAccountId }))).toEqual([
      { action: 'product.edit', actorAccountId: operator.accountId },
      { action: 'product.create', actorAccountId: operator.accountId },
    ]);
    expect(trace[0]).toMatchObject({ before: { name: 'n' }, after: { name: 'renamed' } });
    const own = await scene.makeProduct();
    expect(await listAudit(database.db, { subject: { type: 'product', id: String(own.productId) } }, 10)).toEqual([]);
  });

  it('is made once under an idempotency key', async () => {
    const { seller, leafId } = scene;
    const body = { externalId: 'once', categoryId: leafId, name: 'n', currency: 'KRW', priceMinor: 1_000 };
    const headers = { 'Idempotency-Key': 'make-it-once' };
    const [first, second] = [
      await call('POST', '/v1/products', { token: seller.token, body, headers }),
      await call('POST', '/v1/products', { token: seller.token, body, headers }),
    ];
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(`/v1/products/${first.body.productId}`);
    const other = await call('POST', '/v1/products', { token: seller.token, body: { ...body, name: 'm' }, headers });
    expect(other.body).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

describe('an edit', () => {
  it('of a product belongs to its seller and to staff', async () => {
    const { productId } = await scene.makeProduct();
    const path = `/v1/products/${productId}`;
    const body = { name: 'mine now' };
    for (const { token } of [scene.otherSeller, scene.buyer])
      expect((await call('PATCH', path, { token, body })).body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await call('PATCH', path, { body })).status).toBe(401);
    expect((await call('PATCH', '/v1/products/999999', { token: scene.seller.token, body })).status).toBe(404);
    const option = { sku: 'theirs', name: 'x', priceDifferenceMinor: 0 };
    expect((await call('POST', `${path}/options`, { token: scene.otherSeller.token, body: option })).status).toBe(403);
  });

  it('names the version it is of: the tag of the page, or of the last edit', async () => {
    const { token } = scene.seller;
    const { productId } = await scene.makeProduct();
    const path = `/v1/products/${productId}`;
    const seen = (await call('GET', path)).headers.get('etag') ?? '';
    expect(seen).toMatch(/^"v1\.[\w-]+"$/);
    const first = await call('PATCH', path, { token, body: { name: 'a' }, headers: { 'If-Match': seen } });
    expect(first.headers.get('etag')).toBe('"v2"');
    const late = await call('PATCH', path, { token, body: { name: 'b' }, headers: { 'If-Match': seen } });
    expect(late.body).toMatchObject({ status: 412, code: 'VERSION_CONFLICT' });
    const next = await call('PATCH', path, { token, body: { name: 'b' }, headers: { 'If-Match': '"v2"' } });
    expect(next.body).toMatchObject({ name: 'b', version: 3 });
  });

  it('of options keeps the prices above nothing and moves the version of the product', async () => {
    const { token } = scene.seller;
    const { productId } = await scene.makeProduct({ priceMinor: 10_000 });
    const path = `/v1/products/${productId}`;
    const option = { sku: `o-${productId}`, name: '작은 것', priceDifferenceMinor: -4_000 };
    const added = await call('POST', `${path}/options`, { token, body: option });
    expect(added).toMatchObject({ status: 201, body: { version: 2, options: [option] } });
    const { optionId } = added.body.options[0];
    const tooCheap = await call('PATCH', path, { token, body: { salePriceMinor: 4_000 } });
    expect(tooCheap.body).toMatchObject({ status: 422, code: 'PRICE_INVALID' });
    const lower = await call('PATCH', `${path}/options/${optionId}`, {
      token,
      body: { priceDifferenceMinor: -10_000 },
    });
    expect(lower.body.code).toBe('PRICE_INVALID');
    const edited = await call('PATCH', `${path}/options/${optionId}`, { token, body: { name: '더 작은 것' } });
    expect(edited.body).toMatchObject({ version: 3, options: [{ ...option, name: '더 작은 것' }] });
    expect((await call('PATCH', `${path}/options/999999`, { token, body: {} })).body.code).toBe('OPTION_NOT_FOUND');
    const removed = await call('DELETE', `${path}/options/${optionId}`, { token, headers: { 'If-Match': '"v3"' } });
    expect(removed.body).toMatchObject({ version: 4, options: [] });
  });
});

describe('categories', () => {
  it('are a tree of three levels that staff make and rename', async () => {
    const { operator, seller } = scene;
    const make = (body: unknown, token = operator.token) => call('POST', '/v1/categories', { token, body });
    expect((await make({ name: 'x' }, seller.token)).status).toBe(403);
    const one = (await make({ name: '주방' })).body;
    const two = (await make({ name: '그릇', parentId: one.categoryId })).body;
    const three = (await make({ name: '접시', parentId: two.categoryId })).body;
    expect([one.level, two.level, three.level]).toEqual([1, 2, 3]);
    expect((await make({ name: '작은 접시', parentId: three.categoryId })).body.code).toBe('CATEGORY_TOO_DEEP');
    expect((await make({ name: '주방' })).body.code).toBe('CATEGORY_EXISTS');
    expect((await make({ name: 'x', parentId: 999_999 })).body.code).toBe('CATEGORY_NOT_FOUND');

    const product = await scene.makeProduct({ categoryId: three.categoryId });
    expect(product.categoryPath.map(({ name }: { name: string }) => name)).toEqual(['주방', '그릇', '접시']);
    const page = `/v1/products/${product.productId}`;
    await call('GET', page);
    const path = `/v1/categories/${three.categoryId}`;
    const headers = { 'If-Match': (await call('GET', path)).headers.get('etag') ?? '' };
    const renamed = await call('PATCH', path, { token: operator.token, body: { name: '큰 접시' }, headers });
    expect(renamed.body).toMatchObject({ name: '큰 접시', version: 2 });
    expect((await call('PATCH', path, { token: operator.token, body: { name: 'y' }, headers })).status).toBe(412);
    expect((await call('GET', page)).body.categoryPath[2].name).toBe('큰 접시');
    const tree = (await call('GET', '/v1/categories')).body.items;
    expect(tree.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['주방', '그릇', '큰 접시']));
    for (const root of [one.categoryId, two.categoryId, three.categoryId]) {
      const { items } = (await call('GET', `/v1/products?categoryId=${root}`)).body;
      expect(items.map(({ productId }: { productId: number }) => productId)).toEqual([product.productId]);
    }
  });

  it('that a product leaves no longer list it', async () => {
    const { operator, seller, leafId } = scene;
    const made = await call('POST', '/v1/categories', { token: operator.token, body: { name: '잡화' } });
    const { productId } = await scene.makeProduct();
    const listed = async (categoryId: number): Promise<boolean> =>
      (await call('GET', `/v1/products?categoryId=${categoryId}`)).body.items.some(
        (item: { productId: number }) => item.productId === productId,
      );
    expect([await listed(leafId), await listed(made.body.categoryId)]).toEqual([true, false]);
    const body = { categoryId: made.body.categoryId };
    await call('PATCH', `/v1/products/${productId}`, { token: seller.token, body });
    expect([await listed(leafId), await listed(made.body.categoryId)]).toEqual([false, true]);
  });
});
