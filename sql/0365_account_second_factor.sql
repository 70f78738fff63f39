-- The secret from which an account's codes are made (TOTP, RFC 6238), encrypted with the key that key_id names and bound to the account. It counts once a first code
-- has shown that the owner has it. last_step: the time step of the newest code that was used, so that none is used twice.
CREATE TABLE IF NOT EXISTS account_second_factor (
  account_id BIGINT UNSIGNED NOT NULL,
  sealed VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_step BIGINT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  confirmed_at DATETIME(3) NULL,
  PRIMARY KEY (account_id)
) ENGINE=InnoDB
