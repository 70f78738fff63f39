-- Counters of sign-in tries, shared by all instances: hits of a key since its window began, and when the window ends. The key is a hash.
CREATE TABLE IF NOT EXISTS rate_window (
  limit_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hits INT UNSIGNED NOT NULL,
  resets_at DATETIME(3) NOT NULL,
  PRIMARY KEY (limit_key),
  KEY rate_window_reset (resets_at)
) ENGINE=InnoDB
