-- Refresh tokens by their SHA-256: who reads the table cannot use them. A used one is kept, so that its second use is seen for what it is: a theft.
CREATE TABLE IF NOT EXISTS refresh_token (
  token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  session_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL,
  PRIMARY KEY (token_hash),
  KEY refresh_token_session (session_id),
  KEY refresh_token_expiry (expires_at)
) ENGINE=InnoDB
