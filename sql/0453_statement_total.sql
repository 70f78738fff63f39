-- The figures of a statement's settlements, sales (leg 0) and refunds (leg 1, negative) apart, so that a statement is read without its lines.
CREATE TABLE IF NOT EXISTS statement_total (
  statement_id BIGINT UNSIGNED NOT NULL,
  leg TINYINT UNSIGNED NOT NULL,
  entries BIGINT UNSIGNED NOT NULL,
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
  PRIMARY KEY (statement_id, leg)
) ENGINE=InnoDB
