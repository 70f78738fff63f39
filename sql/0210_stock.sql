-- How many of a unit there are, and where: everything that came in is for sale, held for an order, or sold. The row is made with the
-- first goods. Selling is a conditional UPDATE of it; the CHECKs refuse what a faulty statement would do.
CREATE TABLE IF NOT EXISTS stock (
  unit_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  received BIGINT NOT NULL,
  available BIGINT NOT NULL,
  held BIGINT NOT NULL,
  sold BIGINT NOT NULL,
  PRIMARY KEY (unit_id),
  KEY stock_seller (seller_id, unit_id),
  CONSTRAINT stock_not_negative CHECK (available >= 0 AND held >= 0 AND sold >= 0),
  CONSTRAINT stock_balance CHECK (received = available + held + sold)
) ENGINE=InnoDB
