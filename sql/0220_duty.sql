-- What the duties of runners and servers have come to: when each is due again, when it last succeeded or failed. Nobody may be running who did it, so
-- the servers read their metrics here. Who does it now is a row of leader_lease, `duty:` and its name.
CREATE TABLE IF NOT EXISTS duty (
  name VARCHAR(27) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  due_at DATETIME(3) NOT NULL,
  succeeded_at DATETIME(3) NULL,
  rows_done BIGINT UNSIGNED NOT NULL,
  failed_at DATETIME(3) NULL,
  failures BIGINT UNSIGNED NOT NULL,
  error VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB
