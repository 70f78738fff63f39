-- What was sent to webhook endpoints, and what came of it: the status that was answered, or why there was no answer. replayed: somebody had asked for it again.
CREATE TABLE IF NOT EXISTS webhook_attempt (
  attempt_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  endpoint_id BIGINT UNSIGNED NOT NULL,
  position BIGINT UNSIGNED NOT NULL,
  type VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  replayed TINYINT UNSIGNED NOT NULL,
  attempted_at DATETIME(3) NOT NULL,
  duration_ms INT UNSIGNED NOT NULL,
  delivered TINYINT UNSIGNED NOT NULL,
  status SMALLINT UNSIGNED NULL,
  error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (attempt_id),
  KEY webhook_attempt_endpoint (endpoint_id, attempt_id),
  KEY webhook_attempt_time (attempted_at)
) ENGINE=InnoDB
