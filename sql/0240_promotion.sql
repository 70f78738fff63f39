-- Discounts on a whole checkout that the platform pays for. One without a code holds for everybody. What it took off stands on the order lines,
-- so an edit changes no order.
CREATE TABLE IF NOT EXISTS promotion (
  promotion_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rate_e4 INT UNSIGNED NULL,
  amount_minor BIGINT NULL,
  minimum_minor BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  ends_at DATETIME(3) NULL,
  version INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (promotion_id),
  UNIQUE KEY promotion_code (code),
  KEY promotion_in_force (currency, starts_at),
  CONSTRAINT promotion_kind CHECK (kind IN ('PERCENT', 'AMOUNT'))
) ENGINE=InnoDB
