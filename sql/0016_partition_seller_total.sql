-- The same sums per seller, written with a partition's last chunk; the finish adds them up to settlements and deletes them.
CREATE TABLE IF NOT EXISTS partition_seller_total (
  partition_id BIGINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
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
  PRIMARY KEY (partition_id, seller_id, currency)
) ENGINE=InnoDB
