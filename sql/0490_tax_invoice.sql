-- The record of a tax invoice for the fees of a seller in a calendar month, written once and never changed. number 1 is the invoice of the month, 2 and later are
-- amendments with what was settled of that month since. Amounts are minor units of KRW. Names and business numbers are those of the time at which it was made.
CREATE TABLE IF NOT EXISTS tax_invoice (
  month CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  number INT UNSIGNED NOT NULL,
  seller_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  seller_business_number CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  platform_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  platform_business_number CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  issued_on DATE NOT NULL,
  due_on DATE NOT NULL,
  calendar_version INT UNSIGNED NOT NULL,
  fee_supply DECIMAL(30,0) NOT NULL,
  fee_vat DECIMAL(30,0) NOT NULL,
  pg_fee_supply DECIMAL(30,0) NOT NULL,
  pg_fee_vat DECIMAL(30,0) NOT NULL,
  made_at DATETIME(3) NOT NULL,
  made_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (month, seller_id, number),
  KEY tax_invoice_seller (seller_id, month)
) ENGINE=InnoDB
