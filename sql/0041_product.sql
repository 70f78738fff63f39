-- Products. external_id is what the settlement feed calls the product. folded_name is the name as searches compare it. Counts and
-- sums of reviews are kept here, in the review's transaction, so that no list has to count. Lists for everybody are read by way of
-- product_term; the keys here serve a seller's look at its own and the check that a category is empty.
CREATE TABLE IF NOT EXISTS product (
  product_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  external_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  category_id INT UNSIGNED NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  folded_name VARCHAR(400) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  description TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  price_minor BIGINT NOT NULL,
  sale_price_minor BIGINT NULL,
  sales_count INT UNSIGNED NOT NULL DEFAULT 0,
  review_count INT UNSIGNED NOT NULL DEFAULT 0,
  star_sum INT UNSIGNED NOT NULL DEFAULT 0,
  version INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (product_id),
  UNIQUE KEY product_external (seller_id, external_id),
  KEY product_seller (seller_id, product_id),
  KEY product_seller_status (seller_id, status, product_id),
  KEY product_category (category_id),
  CONSTRAINT product_status CHECK (status IN ('DRAFT', 'ACTIVE', 'SOLD_OUT', 'HIDDEN')),
  CONSTRAINT product_price CHECK (price_minor > 0),
  CONSTRAINT product_sale_price CHECK (sale_price_minor IS NULL OR (sale_price_minor > 0 AND sale_price_minor < price_minor))
) ENGINE=InnoDB
