import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textQuery } from '../../../core/catalogue/rules/search-terms.js';
import { findProducts } from '../../../core/catalogue/stores/product-search.js';
import { SyntheticFeed } from '../../../core/sample/rules/synthetic-feed.js';
import { makeSampleCatalogue } from '../../../core/sample/sample-catalogue.js';
import { select } from '../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const fingerprint = (database: TestDatabase): Promise<unknown[]> =>
  select(
    database.db,
    `SELECT COUNT(*) AS products, SUM(price_minor) AS prices, SUM(CRC32(CONCAT_WS(',', seller_id, external_id, name, status, currency,
       price_minor, sale_price_minor, sales_count, review_count, star_sum))) AS checksum,
       (SELECT COUNT(*) FROM product_option) AS options, (SELECT COUNT(*) FROM review) AS reviews,
       (SELECT COUNT(*) FROM category) AS categories, (SELECT COUNT(*) FROM product_term) AS terms
     FROM product`,
  );

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

describe('the sample catalogue', () => {
  const options = { products: 1_000, sellers: 30, reviewers: [1, 2, 3] };

  it('is made once, however often it is requested, and the same everywhere', async () => {
    expect(await makeSampleCatalogue(database.db, { ...options, products: 300 })).toMatchObject({ products: 300 });
    expect(await makeSampleCatalogue(database.db, options)).toMatchObject({ products: 700 });
    const [made] = await fingerprint(database);
    expect(await makeSampleCatalogue(database.db, options)).toMatchObject({ products: 0 });
    expect(await fingerprint(database)).toEqual([made]);
    expect(made).toMatchObject({ products: 1_000, categories: 48 });
    const other = await createTestDatabase();
    try {
      await makeSampleCatalogue(other.db, options);
      expect(await fingerprint(other)).toEqual([made]);
    } finally {
      await other.drop();
    }
  });

  it('can be searched, and has what its shoppers expect', async () => {
    const { db } = database;
    expect((await findProducts(db, { order: 'newest' }, 41)).length).toBe(41);
    const bags = await findProducts(db, { order: 'price-up', currency: 'KRW', text: textQuery('가방') }, 41);
    expect(bags.length).toBeGreaterThan(0);
    expect(bags.every(({ name }) => name.includes('가방'))).toBe(true);
    const [counts] = await select<Record<string, number>>(
      db,
      `SELECT SUM(review_count) AS reviews, SUM(sale_price_minor IS NOT NULL) AS sale, SUM(status = 'ACTIVE') AS active FROM product`,
    );
    expect(Number(counts?.reviews)).toBeGreaterThan(50);
    expect(Number(counts?.sale)).toBeGreaterThan(100);
    expect(Number(counts?.active)).toBeGreaterThan(850);
  });

  it('offers each option, and each product that has none', async () => {
    const [units] = await select<Record<string, number>>(
      database.db,
      `SELECT COUNT(*) AS units, SUM(u.option_id = 0) AS products, (SELECT COUNT(*) FROM product_option) AS options,
         (SELECT COUNT(*) FROM product p WHERE NOT EXISTS (SELECT 1 FROM product_option o WHERE o.product_id = p.product_id)) AS plain
       FROM sellable_unit u JOIN product p ON p.product_id = u.product_id AND p.seller_id = u.seller_id`,
    );
    const {
      units: all,
      products,
      options: made,
      plain,
    } = Object.fromEntries(Object.entries(units ?? {}).map(([name, count]) => [name, Number(count)]));
    expect(made).toBeGreaterThan(0);
    expect([all, products]).toEqual([Number(made) + Number(plain), plain]);
  });

  it('names sellers and products as the feed does', async () => {
    const feed = new SyntheticFeed({ date: '2026-06-30', lines: 100, sellers: 30, seed: '1' });
    const rows = await select<{ seller_id: string; external_id: string }>(
      database.db,
      'SELECT seller_id, external_id FROM product',
    );
    const sellers = new Set(rows.map((row) => row.seller_id));
    for (let slot = 0; slot < 100; slot += 1) expect(sellers).toContain(feed.sale(slot).sellerId);
    expect(rows.map((row) => row.external_id)).toContain('P000001');
  });
});
