-- What is in the cart of an account, so that it is the same on every device. A unit is in it once; prices are those of the catalogue when the cart is read.
CREATE TABLE IF NOT EXISTS cart_item (
  account_id BIGINT UNSIGNED NOT NULL,
  unit_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  added_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id, unit_id),
  CONSTRAINT cart_item_quantity CHECK (quantity > 0)
) ENGINE=InnoDB
