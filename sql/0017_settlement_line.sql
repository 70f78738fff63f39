-- What a run made of one entry: the computed figures and the policy version. Clustered like the feed; with the feed's row
-- (amounts, ids) it is the whole line. leg is 0 for a sale, 1 for a refund, whose figures are negative.
CREATE TABLE IF NOT EXISTS settlement_line (
  settled_on DATE NOT NULL,
  leg TINYINT UNSIGNED NOT NULL,
  entry_id BIGINT UNSIGNED NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  policy_id INT UNSIGNED NOT NULL,
  buyer_paid BIGINT NOT NULL,
  fee_base BIGINT NOT NULL,
  fee BIGINT NOT NULL,
  fee_vat BIGINT NOT NULL,
  pg_fee BIGINT NOT NULL,
  pg_fee_vat BIGINT NOT NULL,
  net BIGINT NOT NULL,
  PRIMARY KEY (settled_on, leg, entry_id),
  KEY settlement_line_seller (settled_on, seller_id)
) ENGINE=InnoDB
