-- How far the statements of a seller and currency have come, by the account SELLER_PAYABLE. closed_through is the last day of the last period that was closed, with
-- or without a statement. Everything that was recorded before open_since, less a day, is on a statement, so that a close reads only what came later.
-- terms_missing_on is a day with something on it for which the seller has no terms.
CREATE TABLE IF NOT EXISTS statement_account (
  account_id BIGINT UNSIGNED NOT NULL,
  closed_through DATE NULL,
  open_since DATETIME(3) NOT NULL,
  terms_missing_on DATE NULL,
  PRIMARY KEY (account_id),
  KEY statement_account_terms (terms_missing_on)
) ENGINE=InnoDB
