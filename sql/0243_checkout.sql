-- A checkout: the orders of one or several sellers that are paid with one amount. Its id is the holder of the stock. reference is random: it names the
-- checkout to others, finds the rows of a multi-row INSERT again, and binds the encrypted receiver to its row. due_minor is what is still to be paid
-- or was paid: cancellations before the payment lower it.
CREATE TABLE IF NOT EXISTS checkout (
  checkout_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  reference CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  buyer_id BIGINT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor BIGINT NOT NULL,
  due_minor BIGINT NOT NULL,
  promotion_id BIGINT UNSIGNED NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  receiver TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  receiver_key_id CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  paid_at DATETIME(3) NULL,
  PRIMARY KEY (checkout_id),
  UNIQUE KEY checkout_reference (reference),
  KEY checkout_buyer (buyer_id, checkout_id),
  KEY checkout_expiry (status, expires_at),
  CONSTRAINT checkout_status CHECK (status IN ('PENDING_PAYMENT', 'PAID', 'CANCELLED', 'EXPIRED')),
  CONSTRAINT checkout_due CHECK (due_minor >= 0 AND due_minor <= amount_minor)
) ENGINE=InnoDB
