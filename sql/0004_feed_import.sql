-- One row per import of a file (or of synthetic entries): how far it came, who works on it, what it counted.
-- active_fingerprint is the fingerprint while the import is unfinished, so that one file has one unfinished import.
CREATE TABLE IF NOT EXISTS feed_import (
  import_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  active_fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  late_on DATE NULL,
  rows_total BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rows_done BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rows_new BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rows_unchanged BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rows_rejected BIGINT UNSIGNED NOT NULL DEFAULT 0,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  lease_until DATETIME(3) NOT NULL,
  host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  completed_at DATETIME(3) NULL,
  error_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (import_id),
  UNIQUE KEY feed_import_active (active_fingerprint),
  KEY feed_import_status (status),
  CHECK (kind IN ('lines', 'refunds', 'seed')),
  CHECK (status IN ('RUNNING', 'COMPLETED', 'REFUSED', 'ABANDONING', 'ABANDONED'))
) ENGINE=InnoDB
