-- An attempt to pay a payout through a provider. asked_at is set before the provider is asked, and taken back only when it is certain that nothing left: no attempt is sent
-- twice. While next_look_at lies ahead, whoever asks has the attempt for itself; later it is due to be looked up. asked_by is random, for each who asks.
CREATE TABLE IF NOT EXISTS provider_transfer (
  payout_id BIGINT UNSIGNED NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  provider VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  asked_at DATETIME(3) NULL,
  asked_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  next_look_at DATETIME(3) NULL,
  looks INT UNSIGNED NOT NULL DEFAULT 0,
  failure VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  said_code VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  said_message VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  paid_on DATE NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (payout_id, attempt),
  KEY provider_transfer_look (next_look_at),
  CHECK (status IN ('OPEN', 'PAID', 'FAILED', 'RETURNED'))
) ENGINE=InnoDB
