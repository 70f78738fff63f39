-- Keys with which other systems call the API as an account, for less than it may do. Of the key only its SHA-256 is kept, and the beginning, by which people tell
-- keys apart. seller_id is the business for which it was made; null: the platform. permissions are separated by spaces.
CREATE TABLE IF NOT EXISTS api_key (
  key_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  key_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  beginning VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  permissions VARCHAR(4000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  requests_per_minute INT UNSIGNED NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NULL,
  last_used_at DATETIME(3) NULL,
  revoked_at DATETIME(3) NULL,
  revoked_by BIGINT UNSIGNED NULL,
  PRIMARY KEY (key_id),
  UNIQUE KEY api_key_hash (key_hash),
  KEY api_key_account (account_id, key_id),
  KEY api_key_seller (seller_id, key_id)
) ENGINE=InnoDB
