/** Every search reads along a key: the plans of all combinations, and the rows that pages really cost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textQuery } from '../../../../core/catalogue/rules/search-terms.js';
import { listProductsOfSeller } from '../../../../core/catalogue/stores/product.js';
import {
  findProducts,
  PRODUCT_ORDERS,
  type ProductSearch,
  sortKey,
} from '../../../../core/catalogue/stores/product-search.js';
import { listReviews } from '../../../../core/catalogue/stores/review.js';
import { type Db, select } from '../../../../infra/database.js';
import { fillCatalogue } from '../../../support/catalogue.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { type PlanRow, planOf, statementsOf } from '../../../support/plans.js';

const PRODUCTS = 20_000;
const PAGE = 40;

/** Every filter on or off, in every order, on the first page and on a later one. */
function everySearch(): ProductSearch[] {
  const optional = <T>(value: T): (T | undefined)[] => [undefined, value];
  return PRODUCT_ORDERS.flatMap((order) =>
    optional(1).flatMap((categoryId) =>
      optional('S3').flatMap((sellerId) =>
        optional(true).flatMap((onSale) =>
          [undefined, textQuery('가방'), textQuery('bottle st'), textQuery('가')].flatMap((text) =>
            optional([5_000, 30_000] as const).flatMap((range) =>
              optional([20_000, 9_000] as const).map((after) => ({
                order,
                categoryId,
                sellerId,
                onSale,
                text,
                after,
                priceFrom: range?.[0],
                priceTo: range?.[1],
                currency: range !== undefined || order.startsWith('price') ? 'KRW' : undefined,
              })),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Why a plan reads or sorts without bound; empty when it does not. */
function faultsOf(plan: readonly PlanRow[]): string[] {
  return plan.flatMap(({ table, type, key, Extra }) => {
    // What a LIMIT inside bounds: the counts of terms, at most 200 rows each.
    if (table === null || /^<derived|^<union|^counted$/.test(table)) return [];
    const faults = [];
    if (type === null || !['const', 'eq_ref', 'ref', 'range', 'ref_or_null', 'system'].includes(type))
      faults.push(`${table}: ${type}`);
    if (key === null) faults.push(`${table}: no key`);
    if (/filesort|temporary/.test(Extra)) faults.push(`${table}: ${Extra}`);
    return faults;
  });
}

async function rowsRead(db: Db, work: (tx: Db) => Promise<unknown>): Promise<number> {
  return db.transaction(async (tx) => {
    await select(tx, 'FLUSH STATUS').catch(() => undefined);
    const count = async (): Promise<number> => {
      const rows = await select<{ Value: string }>(tx, `SHOW SESSION STATUS LIKE 'Handler_read%'`);
      return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const before = await count();
    await work(tx);
    const after = await count();
    const idle = (await count()) - after; // what asking costs
    return after - before - idle;
  });
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await fillCatalogue(database.db, PRODUCTS);
});
afterAll(() => database.drop());

describe('searches of products', () => {
  it('have a plan without full scan and without sorting, whatever they are confined to', async () => {
    const { db } = database;
    const faults: string[] = [];
    for (const search of everySearch()) {
      const statements = await statementsOf(db, () => findProducts(db, search, PAGE + 1));
      expect(statements.length).toBeLessThanOrEqual(2);
      for (const statement of statements) {
        const found = faultsOf(await planOf(db, statement));
        if (found.length > 0) faults.push(`${JSON.stringify(search)}: ${found.join('; ')}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it.each<[string, ProductSearch]>([
    ['everything, newest first', { order: 'newest' }],
    ['everything by price', { order: 'price-up', currency: 'KRW' }],
    ['everything by price, dearest first', { order: 'price-down', currency: 'KRW' }],
    ['everything by sales', { order: 'sales' }],
    ['a category with those below it', { order: 'sales', categoryId: 1 }],
    ['a price range by price', { order: 'price-up', currency: 'KRW', priceFrom: 20_000, priceTo: 21_000 }],
    ['text', { order: 'newest', text: textQuery('가죽 가방') }],
    ['text by price', { order: 'price-down', currency: 'KRW', text: textQuery('bottle') }],
    ['a seller on sale', { order: 'newest', sellerId: 'S10', onSale: true }],
  ])('read some rows per row shown, on the first page and on the last: %s', async (_, search) => {
    const { db } = database;
    const far = (await findProducts(db, search, PRODUCTS)).at(-PAGE);
    for (const after of [undefined, far && sortKey(search.order, far)]) {
      const read = await rowsRead(db, (tx) => findProducts(tx, { ...search, after }, PAGE + 1));
      expect(read).toBeGreaterThan(PAGE / 2);
      expect(read).toBeLessThan(1_500); // 1,200 of them are counts of terms, 200 of each at most, which a temporary table doubles
    }
  });
});

describe('other lists', () => {
  it('of a seller and of reviews are read along a key', async () => {
    const { db } = database;
    const statements = await statementsOf(db, async () => {
      await listProductsOfSeller(db, { sellerId: 'S3' }, PAGE);
      await listProductsOfSeller(db, { sellerId: 'S3', before: 9_000 }, PAGE);
      await listProductsOfSeller(db, { sellerId: 'S3', status: 'HIDDEN', before: 9_000 }, PAGE);
      await listReviews(db, 1, undefined, PAGE);
      await listReviews(db, 1, 500, PAGE);
    });
    for (const statement of statements) {
      const { sql } = statement;
      expect({ sql, faults: faultsOf(await planOf(db, statement)) }).toEqual({ sql, faults: [] });
    }
  });
});
