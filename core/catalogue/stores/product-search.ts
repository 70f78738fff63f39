/**
 * Finding products. Every list is read along one key of product_term, in the order of the list, from the row after the last one shown;
 * its other conditions are looked up row by row. So nothing is sorted, and a page costs the same however many products there are.
 * Lists of several conditions are read along the rarest. The exception is a list of two frequent conditions that few products share: it is
 * read along one of them to its end. Products of suspended sellers keep their terms and are passed over.
 */

import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import { effectivePrice } from '../rules/product.js';
import {
  ALL_TERM,
  categoryTerm,
  type FindableProduct,
  SALE_TERM,
  sellerTerm,
  type TextQuery,
  termsOf,
} from '../rules/search-terms.js';
import { NOT_SUSPENDED, type ProductSummary, SUMMARY_COLUMNS, type SummaryRow, withAverage } from './product.js';

export const PRODUCT_ORDERS = ['newest', 'price-up', 'price-down', 'sales'] as const;
export type ProductOrder = (typeof PRODUCT_ORDERS)[number];

export interface ProductSearch {
  readonly order: ProductOrder;
  /** With the categories below it. */
  readonly categoryId?: number | undefined;
  readonly sellerId?: string | undefined;
  readonly onSale?: boolean | undefined;
  readonly text?: TextQuery | undefined;
  /** The currency. Prices compare only within one currency, so it is required with a price range and with the orders by price. */
  readonly currency?: string | undefined;
  readonly priceFrom?: number | undefined;
  readonly priceTo?: number | undefined;
  /** The sort key of the last row shown: price or sales count (not used when the newest come first), product id. */
  readonly after?: readonly [number, number] | undefined;
}

/** A term with at least this many products is frequent; counting stops there. */
const COUNTED_MAX = 200;

/** The key of each order and the direction in which it is read. The id makes every order total. */
const ORDERS: Readonly<Record<ProductOrder, { key: string; column: string | null; ascending: boolean }>> = {
  newest: { key: 'PRIMARY', column: null, ascending: false },
  'price-up': { key: 'product_term_price', column: 't.price_minor', ascending: true },
  'price-down': { key: 'product_term_price', column: 't.price_minor', ascending: false },
  sales: { key: 'product_term_sales', column: 't.sales_count', ascending: false },
};

/** The sort key of a product in an order, for `after`. */
export const sortKey = (order: ProductOrder, product: ProductSummary): [number, number] => {
  if (order === 'newest') return [0, product.productId];
  return [order === 'sales' ? product.salesCount : effectivePrice(product), product.productId];
};

/** Products that everybody may see, in the order asked for: at most two statements. */
export async function findProducts(db: Db, search: ProductSearch, limit: number): Promise<ProductSummary[]> {
  const { categoryId, sellerId, onSale, text } = search;
  const seller = sellerId === undefined ? [] : [sellerTerm(sellerId)];
  const wide = [
    ...(text?.beginnings ?? []),
    ...(categoryId === undefined ? [] : [categoryTerm(categoryId)]),
    ...(onSale === true ? [SALE_TERM] : []),
  ];
  // When all terms are frequent the first is taken, because a seller or a text mostly has fewer products than a category.
  const candidates = await rarestFirst(db, [...seller, ...(text?.pieces ?? []), ...wide]);
  if (candidates === 'nothing') return [];
  const [along = ALL_TERM] = candidates;
  const { sql, params } = searchStatement(
    search,
    along,
    [...seller, ...wide].filter((term) => term !== along),
    limit,
  );
  return (await select<SummaryRow>(db, sql, params, { createdAt: isoTime })).map(withAverage);
}

/** The terms in the order of their number of products, as far as that was counted; 'nothing' when one has none. */
async function rarestFirst(db: Db, terms: readonly string[]): Promise<readonly string[] | 'nothing'> {
  if (terms.length < 2) return terms;
  // LIMIT is in the inner statement, so a frequent term costs no more than COUNTED_MAX entries of the key.
  const count = `SELECT ? AS term, COUNT(*) AS n
     FROM (SELECT product_id FROM product_term FORCE INDEX (PRIMARY) WHERE term = ? LIMIT ${COUNTED_MAX}) counted`;
  const counts = await select<{ term: string; n: number }>(
    db,
    terms.map(() => count).join(' UNION ALL '),
    terms.flatMap((term) => [term, term]),
  );
  if (counts.some(({ n }) => n === 0)) return 'nothing';
  return counts.toSorted((a, b) => a.n - b.n).map(({ term }) => term);
}

/** The statement that reads a page along `along`; `beside` are the other terms that its products must have. */
function searchStatement(
  search: ProductSearch,
  along: string,
  beside: readonly string[],
  limit: number,
): { readonly sql: string; readonly params: readonly unknown[] } {
  const { key, column, ascending } = ORDERS[search.order];
  const direction = ascending ? 'ASC' : 'DESC';
  const where: string[] = [NOT_SUSPENDED.where];
  const params: unknown[] = [...beside];
  const add = (sql: string, ...values: unknown[]): void => {
    where.push(sql);
    params.push(...values);
  };
  add('t.term = ?', along);
  if (search.currency !== undefined) add('t.currency = ?', search.currency);
  if (search.priceFrom !== undefined) add('t.price_minor >= ?', search.priceFrom);
  if (search.priceTo !== undefined) add('t.price_minor <= ?', search.priceTo);
  if (search.after !== undefined) {
    const [value, productId] = search.after;
    const beyond = ascending ? '>' : '<';
    if (column === null) add(`t.product_id ${beyond} ?`, productId);
    // Two ranges of the key, one after the other. Neither server reads (a, b) > (?, ?) as a range.
    else add(`(${column} ${beyond} ? OR (${column} = ? AND t.product_id ${beyond} ?))`, value, value, productId);
  }
  for (const word of search.text?.words ?? []) add('p.folded_name LIKE ?', `%${word}%`);
  const joins = beside.map(
    (_, i) =>
      `STRAIGHT_JOIN product_term b${i} FORCE INDEX (PRIMARY) ON b${i}.term = ? AND b${i}.product_id = t.product_id`,
  );
  const order = [...(column === null ? [] : [`${column} ${direction}`]), `t.product_id ${direction}`];
  return {
    sql: `SELECT ${SUMMARY_COLUMNS} FROM product_term t FORCE INDEX (${key}) ${joins.join(' ')}
     STRAIGHT_JOIN product p FORCE INDEX (PRIMARY) ON p.product_id = t.product_id ${NOT_SUSPENDED.join}
     WHERE ${where.join(' AND ')} ORDER BY ${order.join(', ')} LIMIT ?`,
    params: [...params, limit],
  };
}

/** Rewrites the terms of a product, in the transaction of its change. */
export async function writeTerms(
  tx: Tx,
  productId: number,
  product: FindableProduct & { readonly salesCount: number },
): Promise<void> {
  await change(tx, 'DELETE FROM product_term WHERE product_id = ?', [productId]);
  const terms = termsOf(product);
  if (terms.length === 0) return;
  const keys = [productId, product.currency, effectivePrice(product), product.salesCount];
  await change(
    tx,
    `INSERT INTO product_term (term, product_id, currency, price_minor, sales_count)
     VALUES ${terms.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
    terms.flatMap((term) => [term, ...keys]),
  );
}
