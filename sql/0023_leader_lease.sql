-- Who schedules: one row per name; the expiry is in database time.
CREATE TABLE IF NOT EXISTS leader_lease (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  lease_until DATETIME(3) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB
