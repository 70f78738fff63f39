-- Files that pass through the database, because the process that takes an upload and the runner that imports it may be on different
-- machines: uploads until their import has ended, and rejects files. A file without a task that nobody touches any more was abandoned.
CREATE TABLE IF NOT EXISTS stored_file (
  file_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  purpose VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  task_id BIGINT UNSIGNED NULL,
  bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  touched_at DATETIME(3) NOT NULL,
  PRIMARY KEY (file_id),
  KEY stored_file_task (task_id, touched_at),
  CHECK (purpose IN ('UPLOAD', 'REJECTS'))
) ENGINE=InnoDB
