-- What a seller's period came to in one currency, issued once and never changed. number counts the statements of a seller and currency, so that the closing
-- balance of one is the opening balance of the next. earned_minor is what changed the balance beside payouts: it is what the statement has to be paid for.
-- Balances and sums are minor units, positive where the platform owes the seller. status and paid_on follow its payout.
CREATE TABLE IF NOT EXISTS statement (
  statement_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  number INT UNSIGNED NOT NULL,
  period_from DATE NOT NULL,
  closes_on DATE NOT NULL,
  payout_on DATE NOT NULL,
  terms_seller VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  terms_version INT UNSIGNED NOT NULL,
  calendar_version INT UNSIGNED NOT NULL,
  opening_minor DECIMAL(30,0) NOT NULL,
  earned_minor DECIMAL(30,0) NOT NULL,
  closing_minor DECIMAL(30,0) NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  paid_on DATE NULL,
  issued_at DATETIME(3) NOT NULL,
  issued_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (statement_id),
  UNIQUE KEY statement_number (seller_id, currency, number),
  UNIQUE KEY statement_period (seller_id, currency, closes_on),
  KEY statement_closes (closes_on, statement_id),
  KEY statement_due (status, payout_on, statement_id),
  CHECK (status IN ('ISSUED', 'PAID'))
) ENGINE=InnoDB
