-- A product that is sold in a rush: from when on, and how much each buyer may have of it. A product has one drop at a time: `live` is 1 until the drop is
-- ended and NULL from then on, so that the unique key lets only one of them live.
CREATE TABLE IF NOT EXISTS stock_drop (
  drop_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  opens_at DATETIME(3) NOT NULL,
  limit_per_buyer INT UNSIGNED NULL,
  live TINYINT UNSIGNED NULL,
  ended_at DATETIME(3) NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (drop_id),
  UNIQUE KEY stock_drop_of (product_id, live),
  KEY stock_drop_seller (seller_id, drop_id),
  KEY stock_drop_live (live, drop_id),
  CONSTRAINT stock_drop_limit CHECK (limit_per_buyer > 0),
  CONSTRAINT stock_drop_is_live CHECK (live = 1),
  CONSTRAINT stock_drop_end CHECK ((live IS NULL) = (ended_at IS NOT NULL))
) ENGINE=InnoDB
