-- The certificate of a generation: its body is canonical JSON, hash the SHA-256 of the body, signature over the hash.
CREATE TABLE IF NOT EXISTS settlement_certificate (
  settled_on DATE NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  run_id BIGINT UNSIGNED NOT NULL,
  body MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  public_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  signature VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  certified_at DATETIME(3) NOT NULL,
  PRIMARY KEY (settled_on, generation),
  UNIQUE KEY settlement_certificate_run (run_id, generation)
) ENGINE=InnoDB
