-- The lines whose net a draft of fee policies would have moved most, of each partition and currency; when all partitions are done those of
-- all of them stay, and content tells them in full: what was settled and what it would have been, as JSON.
CREATE TABLE IF NOT EXISTS what_if_line (
  run_id BIGINT UNSIGNED NOT NULL,
  settled_on DATE NOT NULL,
  leg TINYINT UNSIGNED NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  net_difference DECIMAL(30,0) NOT NULL,
  content TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (run_id, settled_on, leg, entry_id)
) ENGINE=InnoDB
