-- One attempt to transfer a payout, by a file for the bank or by a provider. What was ordered (amount, account, remark) does not change, so a file can be made again.
-- Of a provider's transfer state says what is known of it, and sent_at is when it was ordered last.
CREATE TABLE IF NOT EXISTS payout_transfer (
  payout_id BIGINT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  file_id BIGINT UNSIGNED NULL,
  file_sequence INT UNSIGNED NULL,
  provider VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  provider_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  bank_account_id BIGINT UNSIGNED NOT NULL,
  remark VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  sent_on DATE NULL,
  paid_on DATE NULL,
  ended_on DATE NULL,
  failure VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  said_code VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  said_message VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  sent_at DATETIME(3) NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (payout_id, attempt),
  KEY payout_transfer_file (file_id, file_sequence),
  KEY payout_transfer_open (provider, state, payout_id),
  CONSTRAINT payout_transfer_state CHECK (state IN ('ORDERED', 'AWAY', 'UNKNOWN', 'SENT', 'PAID', 'FAILED', 'RETURNED', 'VOID'))
) ENGINE=InnoDB
