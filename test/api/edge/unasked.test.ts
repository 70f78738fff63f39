/** Fields that a call does not take are refused, so that nobody believes they had an effect; tags change with everything that an answer shows. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIT_SUBJECTS } from '../../../kernel/audit-subject.js';
import { Operating } from '../../support/operating.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

let operating: Operating;
let catalogue: CatalogueScene;
beforeAll(async () => {
  operating = await Operating.create();
  catalogue = await openCatalogue();
});
afterAll(async () => {
  await operating?.end();
  await catalogue?.end();
});

const policyOf = (code: string, seller: string) => ({
  code,
  scope: { seller },
  currency: 'KRW',
  effectiveFrom: '2026-07-01',
  commission: { components: [{ type: 'percent', rate: '7.5' }] },
});
const draft = async (code: string, seller = code): Promise<{ address: string; version: string }> => {
  const made = await operating.call('POST', '/v1/policy-drafts', { name: code, policies: [policyOf(code, seller)] });
  return { address: made.headers.get('location') ?? '', version: made.headers.get('etag') ?? '' };
};
const tagOf = async (address: string) => (await operating.call('GET', address)).headers.get('etag') ?? '';

describe('a body on a call that takes none', () => {
  it('is refused, and nothing is done', async () => {
    const { address } = await draft('body');
    const applied = await operating.call('POST', `${address}/apply`, { policies: [] });
    expect([applied.status, applied.body.code]).toEqual([400, 'REQUEST_INVALID']);
    expect(applied.body.errors).toEqual([{ in: 'body', pointer: '#', message: 'is not taken by this call' }]);
    expect((await operating.call('GET', address)).body.status).toBe('DRAFT');
    expect((await operating.call('DELETE', address, { reason: 'x' })).body.code).toBe('REQUEST_INVALID');
    expect((await operating.call('POST', `${address}/apply`)).status).toBe(200);
  });

  it('is refused also when it has no length, and leaves the connection in order', async () => {
    const { address } = await draft('chunked');
    const body = new Blob(['{}']).stream();
    const headers = { Authorization: `Bearer ${operating.token}` };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const answer = await fetch(`${operating.api.url}${address}/apply`, init);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'REQUEST_INVALID']);
    expect((await operating.call('GET', address)).body.status).toBe('DRAFT');
  });

  it('does not disturb a probe', async () => {
    const answer = await fetch(`${operating.api.url}/healthz`, { headers: { 'If-Match': '"v1"' } });
    expect(answer.status).toBe(200);
  });
});

describe('If-Match on a call that is not versioned', () => {
  it.each([
    ['GET', '/v1/policy-drafts'],
    ['GET', '/v1/runs'],
    ['POST', '/v1/imports/1/abandon'],
    ['POST', '/v1/policy-drafts'],
  ] as const)('is refused: %s %s', async (method, path) => {
    const content = path === '/v1/policy-drafts' && method === 'POST' ? { name: 'x', policies: [] } : undefined;
    const { status, body } = await operating.call(method, path, content, { 'If-Match': '"v1"' });
    expect([status, body.errors]).toEqual([
      400,
      [{ in: 'header', pointer: '#/If-Match', message: 'is not taken by this call' }],
    ]);
  });
});

describe('a tag', () => {
  it('of a draft moves when its conflicts do, and still names its version', async () => {
    const first = await draft('tag-a', 'tagged');
    const second = await draft('tag-b', 'tagged');
    const before = await tagOf(second.address);
    expect(before).toMatch(/^"v1\.[0-9a-f]{16}"$/);
    expect(await tagOf(second.address)).toBe(before);
    expect(
      (await operating.call('POST', `${first.address}/apply`, undefined, { 'If-Match': first.version })).status,
    ).toBe(200);
    const after = await tagOf(second.address);
    expect(after).toMatch(/^"v1\./);
    expect(after).not.toBe(before);
    expect((await operating.call('DELETE', second.address, undefined, { 'If-Match': before })).status).toBe(204);
  });

  it('of a product that is not listed moves when its category is renamed', async () => {
    const { api, seller, operator } = catalogue;
    const made = await catalogue.makeProduct({ status: 'DRAFT' });
    const read = () => api.call('GET', `/v1/products/${made.productId}`, { token: seller.token });
    const before = (await read()).headers.get('etag') ?? '';
    const path = `/v1/categories/${made.categoryId}`;
    expect((await api.call('PATCH', path, { token: operator.token, body: { name: '새 이름' } })).status).toBe(200);
    const after = (await read()).headers.get('etag') ?? '';
    expect([before.slice(0, 4), after.slice(0, 4)]).toEqual(['"v1.', '"v1.']);
    expect(after).not.toBe(before);
  });
});

describe('a question that makes no sense', () => {
  it.each([
    ['/v1/settlements?from=2026-05-05&to=2026-05-04', '#/to', 'must not be before from'],
    ['/v1/audit-log?from=2026-05-05T00:00:00Z&to=2026-05-05T00:00:00%2B09:00', '#/to', 'must not be before from'],
    ['/v1/products?priceFrom=2&priceTo=1', '#/priceTo', 'must not be below priceFrom'],
    ['/v1/products?onSale=false', '#/onSale', 'must be true; leave it out for all products'],
    [
      '/v1/audit-log?subject=planet:1',
      '#/subject',
      expect.stringContaining('types are account, adjustment, alarm, api-key'),
    ],
  ])('is refused: %s', async (path, pointer, message) => {
    const { status, body } = await operating.call('GET', path);
    expect([status, body.errors]).toEqual([400, [{ in: 'query', pointer, message }]]);
  });

  it.each([
    '/v1/settlements?from=2026-05-05&to=2026-05-05',
    '/v1/products?priceFrom=1&priceTo=1&onSale=true',
    '/v1/audit-log?from=2026-05-05T00:00:00Z&to=2026-05-06T00:00:00Z',
  ])('is answered where it makes sense: %s', async (path) => {
    expect((await operating.call('GET', path)).status).toBe(200);
  });

  it('names a category that there is not', async () => {
    const { status, body } = await operating.call('GET', '/v1/products?categoryId=999999');
    expect([status, body.code]).toEqual([404, 'CATEGORY_NOT_FOUND']);
  });

  it.each(AUDIT_SUBJECTS)('is answered of each thing that the log tells of: %s', async (type) => {
    expect((await operating.call('GET', `/v1/audit-log?subject=${type}:1`)).status).toBe(200);
  });
});
