-- Sums of the postings of an account by the date that they count for and the day (UTC) on which they were recorded, so that a balance of any date and as it
-- was known at any time is a sum of few rows, however many postings there are.
CREATE TABLE IF NOT EXISTS ledger_day (
  account_id BIGINT UNSIGNED NOT NULL,
  effective_on DATE NOT NULL,
  recorded_on DATE NOT NULL,
  shard TINYINT UNSIGNED NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (account_id, effective_on, recorded_on, shard)
) ENGINE=InnoDB
