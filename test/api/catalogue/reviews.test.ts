/** Reviews over HTTP: one per account and product, one's own to edit, staff's to remove; the product keeps count. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../infra/stores/audit-log.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let scene: CatalogueScene;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(() => scene?.end());

const call = (...args: Parameters<CatalogueScene['api']['call']>) => scene.api.call(...args);

async function ratingOf(productId: number): Promise<unknown> {
  const { body } = await call('GET', `/v1/products/${productId}`);
  const listed = (await call('GET', '/v1/products')).body.items.find(
    (item: { productId: number }) => item.productId === productId,
  );
  expect([listed.reviewCount, listed.averageStars]).toEqual([body.reviewCount, body.averageStars]);
  return [body.reviewCount, body.averageStars];
}

describe('reviews', () => {
  it('are written once per account, edited by their author and counted in their product', async () => {
    const { buyer, otherBuyer, seller } = scene;
    const { productId } = await scene.makeProduct();
    const path = `/v1/products/${productId}/reviews`;
    const first = await call('POST', path, { token: buyer.token, body: { stars: 5, text: '좋아요\n정말로' } });
    expect(first).toMatchObject({ status: 201, body: { productId, stars: 5, text: '좋아요\n정말로', version: 1 } });
    expect(first.body).not.toHaveProperty('accountId');
    const again = await call('POST', path, { token: buyer.token, body: { stars: 1 } });
    expect(again.body).toMatchObject({ status: 409, code: 'REVIEW_EXISTS' });
    await call('POST', path, { token: otherBuyer.token, body: { stars: 2 } });
    expect(await ratingOf(productId)).toEqual([2, 3.5]);
    expect((await call('POST', path, { token: seller.token, body: { stars: 5 } })).status).toBe(403);
    expect((await call('POST', path, { token: buyer.token, body: { stars: 6 } })).status).toBe(400);

    const one = `/v1/reviews/${first.body.reviewId}`;
    expect((await call('PATCH', one, { token: otherBuyer.token, body: { stars: 1 } })).body.code).toBe('FORBIDDEN');
    const headers = { 'If-Match': (await call('GET', one)).headers.get('etag') ?? '' };
    const edited = await call('PATCH', one, { token: buyer.token, body: { stars: 4 }, headers });
    expect(edited.body).toMatchObject({ stars: 4, text: '좋아요\n정말로', version: 2 });
    expect((await call('PATCH', one, { token: buyer.token, body: { stars: 3 }, headers })).status).toBe(412);
    expect(await ratingOf(productId)).toEqual([2, 3]);

    const page = await call('GET', `${path}?limit=1`);
    const rest = await call('GET', `${path}?limit=1&cursor=${page.body.nextCursor}`);
    expect([page.body.items[0].stars, rest.body.items[0].stars, rest.body.nextCursor]).toEqual([2, 4, null]);

    expect((await call('DELETE', one, { token: otherBuyer.token })).status).toBe(403);
    expect((await call('DELETE', one, { token: buyer.token })).status).toBe(204);
    expect((await call('GET', one)).body.code).toBe('REVIEW_NOT_FOUND');
    expect(await ratingOf(productId)).toEqual([1, 2]);
    expect((await call('POST', path, { token: buyer.token, body: { stars: 3 } })).status).toBe(201);
  });

  it('that staff remove are gone for good and leave a trace', async () => {
    const { buyer, operator, database } = scene;
    const { productId } = await scene.makeProduct();
    const path = `/v1/products/${productId}/reviews`;
    const { body } = await call('POST', path, { token: buyer.token, body: { stars: 1, text: 'abuse' } });
    expect((await call('DELETE', `/v1/reviews/${body.reviewId}`, { token: operator.token })).status).toBe(204);
    expect((await call('GET', path)).body.items).toEqual([]);
    expect(await ratingOf(productId)).toEqual([0, null]);
    expect((await call('POST', path, { token: buyer.token, body: { stars: 1 } })).body.code).toBe('REVIEW_EXISTS');
    const trace = await listAudit(database.db, { subject: { type: 'review', id: String(body.reviewId) } }, 5);
    expect(trace).toMatchObject([{ action: 'review.remove', before: { body: 'abuse' }, after: null }]);
  });

  it('are not written for products that nobody can see', async () => {
    const { productId } = await scene.makeProduct({ status: 'DRAFT' });
    const review = { token: scene.buyer.token, body: { stars: 1 } };
    expect((await call('POST', `/v1/products/${productId}/reviews`, review)).body.code).toBe('PRODUCT_NOT_FOUND');
  });

  it('that are written at the same time are all counted', async () => {
    const { buyer, otherBuyer } = scene;
    const { productId } = await scene.makeProduct();
    const path = `/v1/products/${productId}/reviews`;
    const write = (token: string, stars: number) => call('POST', path, { token, body: { stars } });
    const answers = await Promise.all([
      write(buyer.token, 5),
      write(buyer.token, 4),
      write(otherBuyer.token, 3),
      write(otherBuyer.token, 3),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    const stars = answers.filter(({ status }) => status === 201).reduce((sum, { body }) => sum + body.stars, 0);
    expect(await ratingOf(productId)).toEqual([2, stars / 2]);
  });
});
