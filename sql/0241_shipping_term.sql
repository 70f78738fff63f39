-- What a seller takes for sending an order, per currency: a flat fee, and from which price of the goods on none. Without a row it sends for nothing.
CREATE TABLE IF NOT EXISTS shipping_term (
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fee_minor BIGINT NOT NULL,
  free_from_minor BIGINT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (seller_id, currency),
  CONSTRAINT shipping_term_not_negative CHECK (fee_minor >= 0)
) ENGINE=InnoDB
