-- Calls that were made under an Idempotency-Key, per account: what was asked (a hash), who is carrying it out, and the answer,
-- which is written in the transaction that does the work.
CREATE TABLE IF NOT EXISTS idempotency_key (
  account_id BIGINT UNSIGNED NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  lease_until DATETIME(3) NOT NULL,
  answer_status SMALLINT UNSIGNED NULL,
  answer_headers TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  answer_body MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id, idempotency_key),
  KEY idempotency_key_age (created_at),
  CHECK (status IN ('IN_FLIGHT', 'DONE'))
) ENGINE=InnoDB
