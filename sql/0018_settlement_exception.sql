-- An entry that a run could not settle, with the reason. settled_generation names the supplement that settled it later.
CREATE TABLE IF NOT EXISTS settlement_exception (
  settled_on DATE NOT NULL,
  leg TINYINT UNSIGNED NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  details VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  parked_at DATETIME(3) NOT NULL,
  settled_generation SMALLINT UNSIGNED NULL,
  PRIMARY KEY (settled_on, leg, entry_id)
) ENGINE=InnoDB
