-- The options of a product (a size, a colour). seller_id repeats the product's, so that a SKU is unique per seller. An option has no
-- version of its own: it changes under the lock of its product and moves that one's.
CREATE TABLE IF NOT EXISTS product_option (
  option_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sku VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  price_difference_minor BIGINT NOT NULL,
  PRIMARY KEY (option_id),
  UNIQUE KEY product_option_sku (seller_id, sku),
  KEY product_option_product (product_id, option_id)
) ENGINE=InnoDB
