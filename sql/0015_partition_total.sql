-- The sums of every figure over the lines that a partition has committed, per currency; moved in the chunk's transaction.
CREATE TABLE IF NOT EXISTS partition_total (
  partition_id BIGINT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sales BIGINT UNSIGNED NOT NULL,
  refunds BIGINT UNSIGNED NOT NULL,
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
  PRIMARY KEY (partition_id, currency)
) ENGINE=InnoDB
