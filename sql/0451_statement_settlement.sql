-- The settlements that a statement is made of. The key lets no settlement stand on two statements.
CREATE TABLE IF NOT EXISTS statement_settlement (
  settled_on DATE NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  statement_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (settled_on, seller_id, currency, generation),
  KEY statement_settlement_statement (statement_id)
) ENGINE=InnoDB
