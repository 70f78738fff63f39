-- One row: the latest version of the calendar of business days. Whoever makes a version locks it, so that two imports follow each other.
CREATE TABLE IF NOT EXISTS business_calendar_book (
  book_id TINYINT UNSIGNED NOT NULL,
  version INT UNSIGNED NOT NULL,
  PRIMARY KEY (book_id),
  CHECK (book_id = 1)
) ENGINE=InnoDB
