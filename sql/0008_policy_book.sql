-- One row: the revision of the fee policies. Applying policies locks it, planning a run shares it, so a revision number
-- names a set of policies that no longer changes.
CREATE TABLE IF NOT EXISTS policy_book (
  book_id TINYINT UNSIGNED NOT NULL,
  revision INT UNSIGNED NOT NULL,
  PRIMARY KEY (book_id),
  CHECK (book_id = 1)
) ENGINE=InnoDB
