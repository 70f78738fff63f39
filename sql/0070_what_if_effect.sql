-- What a draft of fee policies would have moved, per seller and currency: how many lines, and the sums of the figures that a policy decides
-- before and after. Each chunk adds to the rows of its partition; when all are done they are added up to the rows of partition 0. Lines
-- whose sale is gone are counted without a currency.
CREATE TABLE IF NOT EXISTS what_if_effect (
  run_id BIGINT UNSIGNED NOT NULL,
  partition_number INT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sales BIGINT UNSIGNED NOT NULL,
  refunds BIGINT UNSIGNED NOT NULL,
  changed BIGINT UNSIGNED NOT NULL,
  refused BIGINT UNSIGNED NOT NULL,
  unreadable BIGINT UNSIGNED NOT NULL,
  before_fee_base DECIMAL(30,0) NOT NULL,
  before_fee DECIMAL(30,0) NOT NULL,
  before_fee_vat DECIMAL(30,0) NOT NULL,
  before_pg_fee DECIMAL(30,0) NOT NULL,
  before_pg_fee_vat DECIMAL(30,0) NOT NULL,
  before_net DECIMAL(30,0) NOT NULL,
  after_fee_base DECIMAL(30,0) NOT NULL,
  after_fee DECIMAL(30,0) NOT NULL,
  after_fee_vat DECIMAL(30,0) NOT NULL,
  after_pg_fee DECIMAL(30,0) NOT NULL,
  after_pg_fee_vat DECIMAL(30,0) NOT NULL,
  after_net DECIMAL(30,0) NOT NULL,
  PRIMARY KEY (run_id, partition_number, currency, seller_id)
) ENGINE=InnoDB
