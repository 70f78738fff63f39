-- What a transaction moves on one account, in minor units: a debit is positive, a credit negative, and the postings of a transaction add up to zero in each
-- currency. shard says which row of the account's balance the posting is in. Dates and times are those of the transaction.
CREATE TABLE IF NOT EXISTS ledger_posting (
  transaction_id BIGINT UNSIGNED NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  shard TINYINT UNSIGNED NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (transaction_id, account_id),
  KEY ledger_posting_account (account_id, recorded_at, transaction_id, effective_on, amount_minor),
  CONSTRAINT ledger_posting_amount CHECK (amount_minor <> 0)
) ENGINE=InnoDB
