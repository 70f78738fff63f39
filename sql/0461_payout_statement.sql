-- The statements that a payout pays. claimed_id is the statement while the claim holds, and empty when the payout was cancelled: its key lets no two payouts
-- claim a statement, and what a cancelled payout was made of can still be read.
CREATE TABLE IF NOT EXISTS payout_statement (
  payout_id BIGINT UNSIGNED NOT NULL,
  statement_id BIGINT UNSIGNED NOT NULL,
  claimed_id BIGINT UNSIGNED NULL,
  PRIMARY KEY (payout_id, statement_id),
  UNIQUE KEY payout_statement_claim (claimed_id),
  KEY payout_statement_statement (statement_id)
) ENGINE=InnoDB
