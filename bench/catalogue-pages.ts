/** The cost of a page of a list for the database, at two sizes of the catalogue. */
import { textQuery } from '../core/catalogue/rules/search-terms.js';
import { findProducts, type ProductSearch, sortKey } from '../core/catalogue/stores/product-search.js';
import { type Db, select } from '../infra/database.js';
import { type Spread, spreadOf } from './measure.js';

export interface PageCost {
  readonly name: string;
  readonly ms: Spread;
  /** Rows that the server's handlers read for one page. */
  readonly rowsRead: number;
  readonly rowsShown: number;
}

const PAGE_ROWS = 40;
const REPETITIONS = 240;
const WARM_UP = 40;

/** The measured lists, with typical conditions of shoppers. */
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

/** The same search in two catalogues, in turn, so that a slow machine affects both: its first and its second page. */
export async function comparePages(
  name: string,
  small: { readonly db: Db; readonly search: ProductSearch },
  large: { readonly db: Db; readonly search: ProductSearch },
): Promise<{ readonly small: PageCost; readonly large: PageCost }> {
  const sides = await Promise.all([small, large].map(openSide));
  for (let i = 0; i < REPETITIONS; i += 1) {
    for (const { db, searches, times } of sides) {
      const started = performance.now();
      await findProducts(db, searches[i % 2] ?? small.search, PAGE_ROWS + 1);
      if (i >= WARM_UP) times.push(performance.now() - started);
    }
  }
  const costs = [];
  for (const { db, searches, times, rowsShown } of sides) {
    const read = await rowsRead(db, searches[0] ?? small.search);
    costs.push({ name, ms: spreadOf(times), rowsRead: read, rowsShown });
  }
  const [ofSmall, ofLarge] = costs;
  if (ofSmall === undefined || ofLarge === undefined) throw new Error('there are two');
  return { small: ofSmall, large: ofLarge };
}

async function openSide({ db, search }: { readonly db: Db; readonly search: ProductSearch }) {
  const first = await findProducts(db, search, PAGE_ROWS + 1);
  const last = first.at(-1);
  const next = last === undefined ? search : { ...search, after: sortKey(search.order, last) };
  return { db, searches: [search, next], times: [] as number[], rowsShown: first.length };
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
    return after - before - ((await count()) - after); // the cost of the question itself
  });
}
