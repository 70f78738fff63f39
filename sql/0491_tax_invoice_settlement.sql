-- The settlements that a tax invoice is made of; the month is that of settled_on. The key lets no settlement stand on two invoices.
CREATE TABLE IF NOT EXISTS tax_invoice_settlement (
  settled_on DATE NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  number INT UNSIGNED NOT NULL,
  PRIMARY KEY (settled_on, seller_id, currency, generation)
) ENGINE=InnoDB
