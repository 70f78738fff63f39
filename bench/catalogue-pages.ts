/** What a page of a list costs the database, at two sizes of the catalogue. */
import { textQuery } from '../domain/search-terms.js';
import { type Db, select } from '../infra/database.js';
import { findProducts, type ProductSearch, sortKey } from '../infra/stores/product-search.js';
import { type Spread, spreadOf } from './measure.js';

export interface PageCost {
  readonly name: string;
  readonly ms: Spread;
  /** Rows that the server's handlers read for one page. */
  readonly rowsRead: number;
  readonly rowsShown: number;
}

export const PAGE_ROWS = 40;
const REPETITIONS = 60;

/** The lists that are measured, with what a shopper may ask for. */
export function searches(rootCategory: number): readonly (readonly [string, ProductSearch])[] {
  const won = { currency: 'KRW' };
  return [
    ['newest', { order: 'newest' }],
    ['by price', { order: 'price-up', ...won }],
    ['by sales', { order: 'sales' }],
    ['category, by sales', { order: 'sales', categoryId: rootCategory }],
    ['on sale, dearest first', { order: 'price-down', onSale: true, ...won }],
    ['price range, by price', { order: 'price-up', priceFrom: 30_000, priceTo: 90_000, ...won }],
    ['text, newest', { order: 'newest', text: textQuery('텐트') }],
    ['category and text, by price', { order: 'price-up', categoryId: rootCategory, text: textQuery('가방'), ...won }],
  ];
}

/** A page of the search and the one after it, again and again. */
export async function costOfPages(db: Db, name: string, search: ProductSearch): Promise<PageCost> {
  const times: number[] = [];
  const first = await findProducts(db, search, PAGE_ROWS + 1);
  const last = first.at(-1);
  const next = last === undefined ? search : { ...search, after: sortKey(search.order, last) };
  for (let i = 0; i < REPETITIONS; i += 1) {
    const started = performance.now();
    await findProducts(db, i % 2 === 0 ? search : next, PAGE_ROWS + 1);
    times.push(performance.now() - started);
  }
  return { name, ms: spreadOf(times), rowsRead: await rowsRead(db, search), rowsShown: first.length };
}

async function rowsRead(db: Db, search: ProductSearch): Promise<number> {
  return db.transaction(async (tx) => {
    const count = async (): Promise<number> => {
      const rows = await select<{ Value: string }>(tx, `SHOW SESSION STATUS LIKE 'Handler_read%'`);
      return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const before = await count();
    await findProducts(tx, search, PAGE_ROWS + 1);
    const after = await count();
    return after - before - ((await count()) - after); // what asking costs
  });
}
