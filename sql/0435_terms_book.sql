-- One row: the revision of the sellers' terms. Applying terms locks it, so a revision number names a set of terms that no longer changes.
CREATE TABLE IF NOT EXISTS terms_book (
  book_id TINYINT UNSIGNED NOT NULL,
  revision INT UNSIGNED NOT NULL,
  PRIMARY KEY (book_id),
  CHECK (book_id = 1)
) ENGINE=InnoDB
