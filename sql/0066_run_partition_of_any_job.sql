-- A partition of a run of any job: its fence (owner, epoch, seq), the pass that it is in, and the last id of it that is committed. A new
-- table, because the two servers name the old one's CHECK on legs differently and refuse to drop its column while the CHECK is there.
CREATE TABLE IF NOT EXISTS run_partition_of_any_job (
  partition_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  run_id BIGINT UNSIGNED NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  pass TINYINT UNSIGNED NOT NULL,
  cursor_id BIGINT UNSIGNED NOT NULL,
  seq INT UNSIGNED NOT NULL DEFAULT 0,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  epoch INT UNSIGNED NOT NULL DEFAULT 0,
  lease_until DATETIME(3) NULL,
  claims INT UNSIGNED NOT NULL DEFAULT 0,
  claimed_seq INT UNSIGNED NOT NULL DEFAULT 0,
  exceptions BIGINT UNSIGNED NOT NULL DEFAULT 0,
  error_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  error_message VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (partition_id),
  UNIQUE KEY run_partition_key (run_id, generation, number),
  CHECK (status IN ('PENDING', 'RUNNING', 'DONE', 'FAILED'))
) ENGINE=InnoDB
