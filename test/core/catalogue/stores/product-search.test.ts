/** What searches find, against the same search done by hand over all rows; page by page. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { termsOf, textQuery } from '../../../../core/catalogue/rules/search-terms.js';
import {
  findProducts,
  PRODUCT_ORDERS,
  type ProductSearch,
  sortKey,
  writeTerms,
} from '../../../../core/catalogue/stores/product-search.js';
import { inTransaction, select } from '../../../../infra/database.js';
import { fillCatalogue } from '../../../support/catalogue.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly seller: string;
  readonly leaf: number;
  readonly currency: string;
  readonly price: number;
  readonly sale: number;
  readonly sales: number;
}

let database: TestDatabase;
let rows: Row[];

beforeAll(async () => {
  database = await createTestDatabase();
  await fillCatalogue(database.db, 700);
  rows = await select<Row>(
    database.db,
    `SELECT product_id AS id, folded_name AS name, seller_id AS seller, category_id AS leaf, currency,
       COALESCE(sale_price_minor, price_minor) AS price, sale_price_minor IS NOT NULL AS sale, sales_count AS sales
     FROM product WHERE status = 'ACTIVE'`,
  );
});
afterAll(() => database?.drop());

const compare = {
  newest: (a: Row, b: Row) => b.id - a.id,
  'price-up': (a: Row, b: Row) => a.price - b.price || a.id - b.id,
  'price-down': (a: Row, b: Row) => b.price - a.price || b.id - a.id,
  sales: (a: Row, b: Row) => b.sales - a.sales || b.id - a.id,
};

/** The ids a search should give, in order. */
function expected(search: ProductSearch): number[] {
  const { categoryId, sellerId, onSale, text, currency, priceFrom, priceTo, order } = search;
  const inCategory = (row: Row): boolean =>
    categoryId === undefined || row.leaf === categoryId || 1 + ((row.leaf - 3) % 2) === categoryId;
  const inText = (row: Row): boolean =>
    text === undefined ||
    (text.words.every((word) => row.name.includes(word)) &&
      text.beginnings.every((term) => row.name.split(' ').some((word) => word.startsWith(term.slice(2)))));
  return rows
    .filter(inCategory)
    .filter(inText)
    .filter((row) => sellerId === undefined || row.seller === sellerId)
    .filter((row) => onSale !== true || Number(row.sale) === 1)
    .filter((row) => currency === undefined || row.currency === currency)
    .filter((row) => row.price >= (priceFrom ?? 0) && row.price <= (priceTo ?? Number.POSITIVE_INFINITY))
    .toSorted(compare[order])
    .map(({ id }) => id);
}

/** The ids that the pages of a search give, one after the other. */
async function found(search: ProductSearch, limit: number): Promise<number[]> {
  const ids: number[] = [];
  for (let after: ProductSearch['after']; ; ) {
    const page = await findProducts(database.db, { ...search, after }, limit);
    ids.push(...page.map(({ productId }) => productId));
    const last = page.at(-1);
    if (last === undefined) return ids;
    after = sortKey(search.order, last);
  }
}

const filters: readonly Omit<ProductSearch, 'order'>[] = [
  {},
  { categoryId: 1 },
  { categoryId: 5 },
  { categoryId: 999 },
  { sellerId: 'S3' },
  { onSale: true },
  { sellerId: 'S10', categoryId: 2 },
  { sellerId: 'S10', onSale: true },
  { text: textQuery('가방') },
  { text: textQuery('bott') },
  { text: textQuery('가') },
  { text: textQuery('bottle 가방') },
  { text: textQuery('가죽가방') },
  { text: textQuery('s'), categoryId: 1 },
  { currency: 'USD' },
  { currency: 'KRW', priceFrom: 5_000, priceTo: 20_000 },
  { currency: 'KRW', priceFrom: 20_000, categoryId: 4 },
  { currency: 'KRW', priceTo: 500 },
  { currency: 'KRW', priceFrom: 500, priceTo: 500, onSale: true },
];

describe('searches', () => {
  it.each(PRODUCT_ORDERS)('give what all rows say, page by page, ordered by %s', async (order) => {
    for (const filter of filters) {
      const search = { ...filter, order };
      const ids = expected(search);
      expect({ search, ids: await found(search, 7) }).toEqual({ search, ids });
    }
  });

  it('neither repeat nor skip rows while others come and go between pages', async () => {
    const { db } = database;
    const search: ProductSearch = { order: 'sales', sellerId: 'S4' };
    const all = expected(search);
    const first = await findProducts(db, search, 10);
    const gone = all[3] ?? 0;
    await inTransaction(db, (tx) =>
      writeTerms(tx, gone, {
        name: 'x',
        sellerId: 'S4',
        categoryPath: [],
        status: 'HIDDEN',
        currency: 'KRW',
        priceMinor: 1,
        salePriceMinor: null,
        salesCount: 0,
      }),
    );
    const last = first.at(-1);
    const second = await findProducts(db, { ...search, after: last && sortKey('sales', last) }, 10);
    expect(second.map(({ productId }) => productId)).toEqual(all.slice(10, 20));
  });
});

describe('terms', () => {
  it('are written anew with the keys of the product', async () => {
    const { db } = database;
    const product = {
      name: '새 이름 Lamp',
      sellerId: 'S9',
      categoryPath: [1, 3],
      status: 'ACTIVE' as const,
      currency: 'KRW',
      priceMinor: 5_000,
      salePriceMinor: 4_000,
      salesCount: 17,
    };
    await inTransaction(db, (tx) => writeTerms(tx, 9, product));
    const stored = await select<{ term: string }>(db, 'SELECT * FROM product_term WHERE product_id = 9 ORDER BY term');
    expect(stored).toEqual(
      termsOf(product)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((term) => ({ term, product_id: 9, currency: 'KRW', price_minor: 4_000, sales_count: 17 })),
    );
  });
});
