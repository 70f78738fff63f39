-- One row: what tells this database from others, so that what several of them keep in one Redis is not mixed up.
CREATE TABLE IF NOT EXISTS installation (
  singleton TINYINT UNSIGNED NOT NULL,
  installation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (singleton),
  CHECK (singleton = 1)
) ENGINE=InnoDB
