-- Recovery codes for an owner who has lost the device that makes the codes, by their SHA-256. Each is good once.
CREATE TABLE IF NOT EXISTS account_recovery_code (
  account_id BIGINT UNSIGNED NOT NULL,
  code_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  used_at DATETIME(3) NULL,
  PRIMARY KEY (account_id, code_hash)
) ENGINE=InnoDB
