-- Who got what in a drop, in the order in which they got it: the position counts the purchases of a unit. It is given while the transaction holds the
-- unit's row of stock, so a lower position got its units first. Rows stay; what expired or was cancelled is counted in given_back.
CREATE TABLE IF NOT EXISTS stock_drop_purchase (
  drop_id BIGINT UNSIGNED NOT NULL,
  unit_id BIGINT UNSIGNED NOT NULL,
  position BIGINT UNSIGNED NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  holder_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  given_back INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (drop_id, unit_id, position),
  UNIQUE KEY stock_drop_purchase_holder (holder_id, unit_id),
  KEY stock_drop_purchase_buyer (drop_id, account_id),
  CONSTRAINT stock_drop_purchase_given CHECK (given_back <= quantity)
) ENGINE=InnoDB
