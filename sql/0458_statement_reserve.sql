-- What was kept back of a statement, and what became of it: taken_minor paid what the seller owed, released_minor was given back by the statement released_in once
-- due_on had come. What is left is open while released_in is empty.
CREATE TABLE IF NOT EXISTS statement_reserve (
  statement_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  due_on DATE NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  taken_minor DECIMAL(30,0) NOT NULL,
  released_minor DECIMAL(30,0) NOT NULL,
  released_in BIGINT UNSIGNED NULL,
  PRIMARY KEY (statement_id),
  KEY statement_reserve_open (seller_id, currency, released_in, due_on)
) ENGINE=InnoDB
