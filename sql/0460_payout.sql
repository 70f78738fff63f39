-- A payment to a seller in one currency. Its statements are those that claim it in payout_statement. What an approval saw is kept with it: the amount does not
-- change, and bank_account_id names the entry of the seller's bank accounts. attempt counts the times that it was tried, so that a retry reuses the payout.
CREATE TABLE IF NOT EXISTS payout (
  payout_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payout_on DATE NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_account_id BIGINT UNSIGNED NULL,
  attempt INT UNSIGNED NOT NULL DEFAULT 1,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  proposed_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  proposed_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (payout_id),
  KEY payout_seller (seller_id, currency, payout_id),
  KEY payout_status (status, payout_on, payout_id),
  CONSTRAINT payout_amount CHECK (amount_minor > 0),
  CHECK (status IN ('CALCULATED', 'HELD', 'APPROVED', 'EXPORTED', 'SENT', 'PAID', 'FAILED', 'RETURNED', 'CANCELLED'))
) ENGINE=InnoDB
