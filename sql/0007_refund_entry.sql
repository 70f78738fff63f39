-- The refunds of the settlement feed, append-only. prior_quantity is what earlier accepted refunds of the same sale took,
-- fixed at acceptance; with it the reversed amounts are fixed too. They are stored as they count: negative when reversed.
CREATE TABLE IF NOT EXISTS refund_entry (
  settled_on DATE NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  refund_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  original_on DATE NOT NULL,
  original_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  prior_quantity INT UNSIGNED NOT NULL,
  item_amount BIGINT NOT NULL,
  seller_discount BIGINT NOT NULL,
  platform_discount BIGINT NOT NULL,
  shipping_fee BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  occurred_on DATE NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  import_id BIGINT UNSIGNED NULL,
  PRIMARY KEY (settled_on, entry_id),
  UNIQUE KEY refund_entry_key (refund_id),
  UNIQUE KEY refund_entry_original (original_id, prior_quantity),
  KEY refund_entry_id (entry_id)
) ENGINE=InnoDB
