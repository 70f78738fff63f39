-- Lines that a checked policy draft would have touched, in the order of the feed: what was settled and what it would have been, as JSON.
-- Bounded per check; the sums in the task's result are over all lines.
CREATE TABLE IF NOT EXISTS policy_check_line (
  task_id BIGINT UNSIGNED NOT NULL,
  line_no INT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (task_id, line_no),
  KEY policy_check_line_seller (task_id, seller_id, line_no)
) ENGINE=InnoDB
