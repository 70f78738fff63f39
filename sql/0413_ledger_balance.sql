-- The balance of an account now, moved in the transaction that posts. Accounts of the platform have several rows that add up, so that the postings of one
-- seller do not wait for those of another; all other accounts have one.
CREATE TABLE IF NOT EXISTS ledger_balance (
  account_id BIGINT UNSIGNED NOT NULL,
  shard TINYINT UNSIGNED NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (account_id, shard)
) ENGINE=InnoDB
