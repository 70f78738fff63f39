-- The businesses that sell. seller_id is the id that entries of the feed carry. The bank account is encrypted with the key that bank_key_id names,
-- bound to its row; only the last four digits stand in the clear, for masked answers.
CREATE TABLE IF NOT EXISTS seller (
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  business_number CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tax_type VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_code CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_holder VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  bank_account VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_account_masked VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bank_key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (seller_id),
  KEY seller_status (status, seller_id),
  CHECK (tax_type IN ('GENERAL', 'SIMPLIFIED', 'EXEMPT')),
  CHECK (status IN ('ACTIVE', 'SUSPENDED'))
) ENGINE=InnoDB
