/** A change whose commit was carried out although its caller got a failure, for example because the connection broke: it is visible all the same. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { armFaults } from '../../../infra/faults.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());
beforeEach(() => armFaults('call.committed:error'));

const get = async (path: string) => (await scene.api.call('GET', path)).body;

it('of a product', async () => {
  const { productId } = await scene.makeProduct();
  const path = `/v1/products/${productId}`;
  expect((await get(path)).options).toEqual([]); // cached now
  const answer = await scene.api.call('POST', `${path}/options`, {
    token: scene.seller.token,
    body: { sku: 'LOST-1', name: 'one', priceDifferenceMinor: 0 },
    headers: { 'Idempotency-Key': 'lost-1' },
  });
  expect(answer.status).toBe(500);
  expect((await get(path)).options).toMatchObject([{ sku: 'LOST-1' }]);
});

it('of the category tree', async () => {
  const names = async () => (await get('/v1/categories')).items.map(({ name }: { name: string }) => name);
  expect(await names()).not.toContain('Lost');
  const answer = await scene.api.call('POST', '/v1/categories', {
    token: scene.operator.token,
    body: { name: 'Lost' },
    headers: { 'Idempotency-Key': 'lost-2' },
  });
  expect(answer.status).toBe(500);
  expect(await names()).toContain('Lost');
});
