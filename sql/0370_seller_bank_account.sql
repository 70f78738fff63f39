-- Every account that a seller was, is or might be paid to: who proposed it, who decided on it, and from when it may be paid to. open_seller_id is the seller while
-- the proposal is open, so that there is one open proposal a seller. proposed_by is null for accounts that were there before.
CREATE TABLE IF NOT EXISTS seller_bank_account (
  bank_account_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  open_seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  bank_code CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_holder VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  bank_account VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_account_masked VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  proposed_by BIGINT UNSIGNED NULL,
  proposed_at DATETIME(3) NOT NULL,
  decided_by BIGINT UNSIGNED NULL,
  decided_at DATETIME(3) NULL,
  payout_from DATETIME(3) NULL,
  PRIMARY KEY (bank_account_id),
  UNIQUE KEY seller_bank_account_open (open_seller_id),
  KEY seller_bank_account_seller (seller_id, bank_account_id),
  CONSTRAINT seller_bank_account_status_known CHECK (status IN ('PROPOSED', 'CURRENT', 'FORMER', 'WITHDRAWN', 'REPLACED')),
  CONSTRAINT seller_bank_account_open_named CHECK ((status = 'PROPOSED') = (open_seller_id IS NOT NULL))
) ENGINE=InnoDB
