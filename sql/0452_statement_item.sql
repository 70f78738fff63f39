-- The other transactions of the ledger that a statement is made of: payouts, reserves, clawbacks, adjustments and whatever else moved what the seller is owed.
-- The key lets no transaction stand on two statements.
CREATE TABLE IF NOT EXISTS statement_item (
  transaction_id BIGINT UNSIGNED NOT NULL,
  statement_id BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (transaction_id),
  KEY statement_item_statement (statement_id, transaction_id)
) ENGINE=InnoDB
