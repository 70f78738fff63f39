-- How listed products are found: a row for each term a product is found under (everything, a category, its seller, being on sale, pieces
-- of its name; core/catalogue/rules/search-terms.ts), with the keys it is sorted by. So every list is one range of one key, in its order, whatever it is
-- confined to. MySQL has a full-text parser for Korean, MariaDB 10.11 has none; this works on both.
CREATE TABLE IF NOT EXISTS product_term (
  term VARCHAR(70) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  price_minor BIGINT NOT NULL,
  sales_count INT UNSIGNED NOT NULL,
  PRIMARY KEY (term, product_id),
  KEY product_term_price (term, currency, price_minor, product_id),
  KEY product_term_sales (term, sales_count, product_id),
  KEY product_term_product (product_id)
) ENGINE=InnoDB
