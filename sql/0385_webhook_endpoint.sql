-- Where events are sent. seller_id: the business that is told; null: the platform. types are separated by spaces; empty: all. Every event up to delivered_through was
-- sent, or is not wanted. attempts, failing_since and next_try_at are about the event after it. lease_owner and lease_until: who sends at this moment.
-- The secrets are encrypted; the former one counts until former_until.
CREATE TABLE IF NOT EXISTS webhook_endpoint (
  endpoint_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_by BIGINT UNSIGNED NOT NULL,
  url VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  description VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  types VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  secret_key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  secret_sealed VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  former_key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
  former_sealed VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  former_until DATETIME(3) NULL,
  delivered_through BIGINT UNSIGNED NOT NULL,
  attempts INT UNSIGNED NOT NULL,
  failing_since DATETIME(3) NULL,
  next_try_at DATETIME(3) NOT NULL,
  lease_owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  lease_until DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (endpoint_id),
  KEY webhook_endpoint_seller (seller_id, endpoint_id),
  KEY webhook_endpoint_due (status, next_try_at),
  CONSTRAINT webhook_endpoint_status CHECK (status IN ('ACTIVE', 'DISABLED'))
) ENGINE=InnoDB
