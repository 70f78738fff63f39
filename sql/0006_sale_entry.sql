-- The sales of the settlement feed, append-only. Clustered by settlement date, so that a day is read front to back however
-- its ids are interleaved with those of other days. occurred_on is the date the entry gave (confirmed_on); settled_on
-- differs from it only for late entries. Amounts are minor units; item_amount is quantity x unit_price.
CREATE TABLE IF NOT EXISTS sale_entry (
  settled_on DATE NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  product_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  category VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  unit_price BIGINT NOT NULL,
  item_amount BIGINT NOT NULL,
  seller_discount BIGINT NOT NULL,
  platform_discount BIGINT NOT NULL,
  shipping_fee BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ordered_on DATE NOT NULL,
  occurred_on DATE NOT NULL,
  import_id BIGINT UNSIGNED NULL,
  PRIMARY KEY (settled_on, entry_id),
  UNIQUE KEY sale_entry_key (order_id, line_id),
  KEY sale_entry_id (entry_id)
) ENGINE=InnoDB
