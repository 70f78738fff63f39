-- History of sign-ins, for the account's owner and for whoever looks into an attack. name_hash is a keyed hash: tries of one unknown name can be
-- found together without keeping what was typed, which may have been a password.
CREATE TABLE IF NOT EXISTS sign_in (
  sign_in_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  account_id BIGINT UNSIGNED NULL,
  name_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_agent VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  outcome VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tried_at DATETIME(3) NOT NULL,
  PRIMARY KEY (sign_in_id),
  KEY sign_in_account (account_id, sign_in_id),
  KEY sign_in_time (tried_at),
  CHECK (outcome IN ('SIGNED_IN', 'WRONG_PASSWORD', 'UNKNOWN_NAME', 'ACCOUNT_LOCKED', 'PASSWORD_CHANGE_NEEDED'))
) ENGINE=InnoDB
