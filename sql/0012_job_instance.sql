-- A run: one row per job and date, whatever happens to it. generation is the one being worked on or last certified.
CREATE TABLE IF NOT EXISTS job_instance (
  run_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  job VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  settled_on DATE NOT NULL,
  status VARCHAR(25) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL DEFAULT 1,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  completed_at DATETIME(3) NULL,
  PRIMARY KEY (run_id),
  UNIQUE KEY job_instance_key (job, settled_on),
  KEY job_instance_status (status),
  CHECK (status IN ('REQUESTED', 'RUNNING', 'STOPPED', 'FAILED', 'COMPLETED', 'COMPLETED_WITH_EXCEPTIONS'))
) ENGINE=InnoDB
