-- The reason for which an entry was parked before a supplement tried it again and found another one: certificates of earlier generations
-- vouch for it.
CREATE TABLE IF NOT EXISTS settlement_exception_past (
  settled_on DATE NOT NULL,
  leg TINYINT UNSIGNED NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL,
  until_generation SMALLINT UNSIGNED NOT NULL,
  code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  details VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (settled_on, leg, entry_id, until_generation)
) ENGINE=InnoDB
