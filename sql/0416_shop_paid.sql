-- What buyers paid to this platform's own shop for the lines of a settlement, refunds deducted. The rest of what they paid was paid to the shop that the
-- lines of a file came from. A seller without lines of the shop has no row.
CREATE TABLE IF NOT EXISTS shop_paid (
  settled_on DATE NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount_minor DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (settled_on, generation, seller_id, currency)
) ENGINE=InnoDB
