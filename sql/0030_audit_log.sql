-- Who changed what: append-only, one row per change by an operator, an admin or the command line, written in the change's own transaction.
-- before_json and after_json hold what changed, secrets masked; one of them is null where something was made or removed.
CREATE TABLE IF NOT EXISTS audit_log (
  audit_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  recorded_at DATETIME(3) NOT NULL,
  actor_account_id BIGINT UNSIGNED NULL,
  actor_role VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
  actor_user_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id VARCHAR(160) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  before_json MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  after_json MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (audit_id),
  KEY audit_log_time (recorded_at, audit_id),
  KEY audit_log_actor (actor_account_id, recorded_at, audit_id),
  KEY audit_log_subject (subject_type, subject_id, recorded_at, audit_id)
) ENGINE=InnoDB
