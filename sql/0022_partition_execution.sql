-- Each claim of a partition: by which execution, from which entry on, and how it ended.
CREATE TABLE IF NOT EXISTS partition_execution (
  partition_id BIGINT UNSIGNED NOT NULL,
  epoch INT UNSIGNED NOT NULL,
  execution_id BIGINT UNSIGNED NOT NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_cursor_id BIGINT UNSIGNED NOT NULL,
  entries BIGINT UNSIGNED NOT NULL DEFAULT 0,
  chunks INT UNSIGNED NOT NULL DEFAULT 0,
  started_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  error_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  error_message VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (partition_id, epoch),
  KEY partition_execution_by (execution_id),
  CHECK (status IN ('RUNNING', 'DONE', 'RELEASED', 'LOST', 'FAILED', 'STOPPED'))
) ENGINE=InnoDB
