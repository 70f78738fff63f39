/** What can be sold: each option, and a product without options. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readUnit, readUnitsForSale } from '../../../core/catalogue/stores/sellable-unit.js';
import { receive } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene.end());

const call = (method: string, path: string, body?: unknown) =>
  scene.api.call(method, path, { token: scene.seller.token, ...(body === undefined ? {} : { body }) });
let skus = 0;
const option = (name = 'x') => {
  skus += 1;
  return { sku: `UNIT-${skus}`, name, priceDifferenceMinor: 1_000 };
};
const db = () => scene.database.db;
const page = async (productId: number) => (await call('GET', `/v1/products/${productId}`)).body;

describe('units', () => {
  it('are the options of a product, or the product itself', async () => {
    const plain = await scene.makeProduct();
    expect(plain).toMatchObject({ unitId: expect.any(Number), options: [] });
    const { unitId, options } = await scene.makeProduct({ options: [option(), option()] });
    expect(unitId).toBeNull();
    const ids = options.map((one: { unitId: number }) => one.unitId);
    expect(new Set([plain.unitId, ...ids]).size).toBe(3);
    for (const id of ids) expect(await readUnit(db(), id)).toMatchObject({ status: 'OFFERED', sellerId: 'S1' });
  });

  it('that nobody used go with their option; the last option gives the product its own again', async () => {
    const { productId, unitId } = await scene.makeProduct();
    const path = `/v1/products/${productId}/options`;
    const added = (await call('POST', path, option())).body;
    expect(added).toMatchObject({ unitId: null, options: [{ unitId: expect.any(Number) }] });
    expect(await readUnit(db(), unitId)).toBeUndefined();
    const [first] = added.options;
    const again = (await call('DELETE', `${path}/${first.optionId}`)).body;
    expect(again).toMatchObject({ unitId: expect.any(Number), options: [] });
    expect(await readUnit(db(), first.unitId)).toBeUndefined();
    expect(await page(productId)).toMatchObject({ unitId: again.unitId, options: [] });
  });

  it('that had stock are retired with their option, whose SKU stays taken', async () => {
    const content = option();
    const { productId, options } = await scene.makeProduct({ options: [content, option()] });
    const [first, second] = options;
    await receive(db(), first.unitId, 5);
    const path = `/v1/products/${productId}/options`;
    expect((await call('DELETE', `${path}/${first.optionId}`)).body).toMatchObject({ unitId: null, options: [second] });
    expect(await page(productId)).toMatchObject({ options: [{ optionId: second.optionId }] });
    expect(await readUnit(db(), first.unitId)).toMatchObject({ status: 'RETIRED', inUse: true });
    expect((await call('POST', path, content)).body).toMatchObject({ code: 'SKU_TAKEN' });
    expect((await call('PATCH', `${path}/${first.optionId}`, { name: 'y' })).body.code).toBe('OPTION_NOT_FOUND');
    expect((await call('DELETE', `${path}/${first.optionId}`)).body.code).toBe('OPTION_NOT_FOUND');
    // Its price is no longer looked at.
    expect((await call('GET', `/v1/units/${first.unitId}/stock`)).body).toMatchObject({
      status: 'RETIRED',
      sku: content.sku,
      available: 5,
    });
  });

  it('of a product that had stock is retired by its first option and offered again after the last', async () => {
    const { productId, unitId } = await scene.makeProduct();
    await receive(db(), unitId, 2);
    const path = `/v1/products/${productId}/options`;
    const added = (await call('POST', path, option())).body;
    expect(added.unitId).toBeNull();
    expect(await readUnit(db(), unitId)).toMatchObject({ status: 'RETIRED' });
    await call('POST', path, option());
    const receipt = { quantity: 1, reason: 'x' };
    expect((await call('POST', `/v1/units/${unitId}/stock/receipts`, receipt)).body.code).toBe('UNIT_RETIRED');
    const left = (await page(productId)).options;
    await receive(db(), left[0].unitId, 1);
    for (const { optionId } of left) await call('DELETE', `${path}/${optionId}`);
    expect(await page(productId)).toMatchObject({ unitId, options: [] });
    expect(await readUnit(db(), unitId)).toMatchObject({ status: 'OFFERED', inUse: true });
  });

  it('are read for a checkout with all that it freezes', async () => {
    const product = await scene.makeProduct({ salePriceMinor: 29_000, options: [option('검정')] });
    const plain = await scene.makeProduct({ status: 'DRAFT' });
    const [made] = product.options;
    expect(await readUnitsForSale(db(), [plain.unitId, 999_999, made.unitId])).toEqual([
      {
        unitId: made.unitId,
        productId: product.productId,
        externalId: product.externalId,
        name: product.name,
        optionName: '검정',
        sku: made.sku,
        sellerId: 'S1',
        currency: 'KRW',
        listPriceMinor: 40_000,
        salePriceMinor: 30_000,
        productStatus: 'ACTIVE',
        sellerSuspended: false,
        status: 'OFFERED',
        categoryPath: [scene.rootId, scene.leafId],
        topCategory: '패션',
        productVersion: 1,
      },
      expect.objectContaining({
        unitId: plain.unitId,
        optionName: null,
        sku: null,
        listPriceMinor: 39_000,
        salePriceMinor: null,
        productStatus: 'DRAFT',
      }),
    ]);
    expect(await readUnitsForSale(db(), [])).toEqual([]);
  });
});
