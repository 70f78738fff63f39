-- The lock under which the limit per buyer is checked, one row for each buyer who ordered in a drop with a limit. What the buyer has is the sum of the purchases.
CREATE TABLE IF NOT EXISTS stock_drop_buyer (
  drop_id BIGINT UNSIGNED NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (drop_id, account_id)
) ENGINE=InnoDB
