-- One sign-in of one device, and the family of the refresh tokens that go on from it. Every request reads its row, so ending it is honoured at once.
CREATE TABLE IF NOT EXISTS account_session (
  session_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  user_agent VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  ip VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  refreshed_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  ended_reason VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (session_id),
  KEY account_session_account (account_id, ended_at, created_at, session_id),
  KEY account_session_expiry (expires_at),
  CHECK (ended_reason IN ('SIGNED_OUT', 'PASSWORD_CHANGED', 'STOLEN', 'LOCKED', 'ROLE_CHANGED')),
  CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
) ENGINE=InnoDB
