-- What needs a person: one row from the moment at which it begins until it is over, and after that as history. open_key is the kind and the subject of an
-- open alarm and NULL afterwards, so that of several processes one opens it. Messages about it are events of the outbox.
CREATE TABLE IF NOT EXISTS alarm (
  alarm_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  open_key VARCHAR(161) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  summary VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  opened_at DATETIME(3) NOT NULL,
  resolved_at DATETIME(3) NULL,
  PRIMARY KEY (alarm_id),
  UNIQUE KEY alarm_open (open_key),
  KEY alarm_status (status, alarm_id),
  KEY alarm_resolved (resolved_at),
  CONSTRAINT alarm_status CHECK (status IN ('OPEN', 'RESOLVED'))
) ENGINE=InnoDB
