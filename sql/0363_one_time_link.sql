-- Links that were sent by mail, by the SHA-256 of their token: who reads the table cannot use them. subject_id is an account, or an invitation. A link is good
-- once and until expires_at.
CREATE TABLE IF NOT EXISTS one_time_link (
  token_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  purpose VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL,
  PRIMARY KEY (token_hash),
  KEY one_time_link_subject (purpose, subject_id),
  KEY one_time_link_expiry (expires_at),
  CONSTRAINT one_time_link_purpose_known CHECK (purpose IN ('PROVE', 'RESET', 'INVITE'))
) ENGINE=InnoDB
