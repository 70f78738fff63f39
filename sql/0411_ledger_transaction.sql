-- A transaction of the ledger: never changed, never deleted. Its key says what it is about, so that nothing is posted twice. effective_on is the business
-- date that it counts for, recorded_at when it was written. A correction is another transaction, which names the one that it reverses.
CREATE TABLE IF NOT EXISTS ledger_transaction (
  transaction_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  idempotency_key VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  reverses_id BIGINT UNSIGNED NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (transaction_id),
  UNIQUE KEY ledger_transaction_key (idempotency_key),
  UNIQUE KEY ledger_transaction_reverses (reverses_id)
) ENGINE=InnoDB
