-- The journal of stock: what each change moved, why, and for whom. Rows are never updated. The sums of a unit's movements are its stock, which
-- `magam stock verify` checks. holder_id names the checkout that units were held for; null where goods came in or were counted.
CREATE TABLE IF NOT EXISTS stock_movement (
  movement_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  unit_id BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  available_change BIGINT NOT NULL,
  held_change BIGINT NOT NULL,
  sold_change BIGINT NOT NULL,
  holder_id BIGINT UNSIGNED NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (movement_id),
  KEY stock_movement_unit (unit_id, movement_id),
  KEY stock_movement_holder (holder_id, unit_id),
  CONSTRAINT stock_movement_kind CHECK (kind IN ('RECEIVE', 'ADJUST', 'RESERVE', 'COMMIT', 'RELEASE', 'RETURN'))
) ENGINE=InnoDB
