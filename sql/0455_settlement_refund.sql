-- The part of a settlement that its refunds came to (negative), so that statements show sales and refunds apart without reading lines: sales are the settlement less
-- this. A settlement without refunds has no row.
CREATE TABLE IF NOT EXISTS settlement_refund (
  settled_on DATE NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  item_amount DECIMAL(30,0) NOT NULL,
  seller_discount DECIMAL(30,0) NOT NULL,
  platform_discount DECIMAL(30,0) NOT NULL,
  shipping_fee DECIMAL(30,0) NOT NULL,
  buyer_paid DECIMAL(30,0) NOT NULL,
  fee_base DECIMAL(30,0) NOT NULL,
  fee DECIMAL(30,0) NOT NULL,
  fee_vat DECIMAL(30,0) NOT NULL,
  pg_fee DECIMAL(30,0) NOT NULL,
  pg_fee_vat DECIMAL(30,0) NOT NULL,
  net DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (settled_on, seller_id, currency, generation)
) ENGINE=InnoDB
