-- The public keys (SPKI, base64) that certificates are signed with, each from the number of the certificate that it signed first: since then
-- none is written without the key.
CREATE TABLE IF NOT EXISTS signing_key (
  since_sequence BIGINT UNSIGNED NOT NULL,
  public_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  registered_at DATETIME(3) NOT NULL,
  PRIMARY KEY (since_sequence),
  UNIQUE KEY signing_key_public (public_key)
) ENGINE=InnoDB
