-- The transfers of a file for the bank: one for each attempt of a payout. What was ordered (amount, account, remark) does not change, so that the file can be made again.
-- An attempt whose file was given up goes into another file, and its row with it.
CREATE TABLE IF NOT EXISTS file_transfer (
  payout_id BIGINT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  file_id BIGINT UNSIGNED NOT NULL,
  sequence INT UNSIGNED NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  bank_account_id BIGINT UNSIGNED NOT NULL,
  remark VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  paid_on DATE NULL,
  ended_on DATE NULL,
  failure VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  said_code VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  said_message VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (payout_id, attempt),
  KEY file_transfer_file (file_id, sequence),
  CHECK (status IN ('ORDERED', 'SENT', 'PAID', 'FAILED', 'RETURNED', 'VOID'))
) ENGINE=InnoDB
