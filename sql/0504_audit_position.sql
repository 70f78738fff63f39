-- The last position that was given to an entry of the audit log. Its lock keeps those who give positions apart.
CREATE TABLE IF NOT EXISTS audit_position (
  log_id TINYINT UNSIGNED NOT NULL,
  last_position BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (log_id)
) ENGINE=InnoDB
