/** Catalogues for tests, made inside the database. */
import { type Db, select } from '../../infra/database.js';

/**
 * `products` products in one statement per table: 20 sellers, two roots with five leaves each (1 and 2; 3 to 12), every tenth on sale, every
 * fiftieth in USD, every hundredth hidden. Names are "가죽 가방 N" (every fourth) or "steel bottle N".
 */
export async function fillCatalogue(db: Db, products: number): Promise<void> {
  await db.raw(`INSERT INTO category (category_id, parent_id, level, name, version, created_at) VALUES
    (1, 0, 1, '패션', 1, UTC_TIMESTAMP(3)), (2, 0, 1, '주방', 1, UTC_TIMESTAMP(3)),
    ${Array.from({ length: 10 }, (_, i) => `(${i + 3}, ${1 + (i % 2)}, 2, 'leaf ${i}', 1, UTC_TIMESTAMP(3))`).join(', ')}`);
  const digit = `(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
    UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`;
  const numbers = `(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
    FROM ${digit} a, ${digit} b, ${digit} c, ${digit} e, ${digit} f)`;
  await db.raw(
    `INSERT INTO product (product_id, seller_id, external_id, category_id, name, folded_name, description, status, currency,
       price_minor, sale_price_minor, sales_count, version, created_at, updated_at)
     SELECT n, CONCAT('S', n % 20), CONCAT('P', n), 3 + n % 10, IF(n % 4 = 0, CONCAT('가죽 가방 ', n), CONCAT('Steel Bottle ', n)),
       IF(n % 4 = 0, CONCAT('가죽 가방 ', n), CONCAT('steel bottle ', n)), 'about it', IF(n % 100 = 0, 'HIDDEN', 'ACTIVE'),
       IF(n % 50 = 1, 'USD', 'KRW'), 1000 + (n * 7919) % 50000, IF(n % 10 = 0, 500, NULL), (n * 31) % 1000, 1,
       UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
     FROM ${numbers} numbers WHERE n <= ?`,
    [products],
  );
  const terms: readonly [string, string][] = [
    [`'*'`, 'TRUE'],
    [`CONCAT('c:', category_id)`, 'TRUE'],
    [`CONCAT('c:', 1 + (category_id - 3) % 2)`, 'TRUE'],
    [`CONCAT('s:', seller_id)`, 'TRUE'],
    [`'sale'`, 'sale_price_minor IS NOT NULL'],
    ...['g:가죽', 'g:가방', 'b:가'].map((term): [string, string] => [`'${term}'`, 'product_id % 4 = 0']),
    ...['g:ste', 'g:tee', 'g:eel', 'g:bot', 'g:ott', 'g:ttl', 'g:tle', 'b:s', 'b:st', 'b:b', 'b:bo'].map(
      (term): [string, string] => [`'${term}'`, 'product_id % 4 <> 0'],
    ),
  ];
  for (const [term, where] of terms) {
    await db.raw(
      `INSERT INTO product_term (term, product_id, currency, price_minor, sales_count)
       SELECT ${term}, product_id, currency, COALESCE(sale_price_minor, price_minor), sales_count FROM product
       WHERE status IN ('ACTIVE', 'SOLD_OUT') AND ${where}`,
    );
  }
  for (const table of ['category', 'product', 'product_term']) await select(db, `ANALYZE TABLE ${table}`);
}
