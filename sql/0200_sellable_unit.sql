-- What can be sold: an option of a product, or a product without options (option_id 0). A unit that has had stock (in_use) or was
-- ordered is retired instead of deleted, so that whatever names it can still say what it was.
CREATE TABLE IF NOT EXISTS sellable_unit (
  unit_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id BIGINT UNSIGNED NOT NULL,
  option_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  in_use TINYINT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (unit_id),
  UNIQUE KEY sellable_unit_of (product_id, option_id),
  KEY sellable_unit_seller (seller_id, unit_id),
  CONSTRAINT sellable_unit_status CHECK (status IN ('OFFERED', 'RETIRED'))
) ENGINE=InnoDB
