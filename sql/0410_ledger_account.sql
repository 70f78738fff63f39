-- An account of the double-entry ledger: what it is for, whose it is, and its currency. owner is a seller, a payment provider or the shop that holds the
-- money, and empty where the account is the platform's own. Nothing is posted to a closed account.
CREATE TABLE IF NOT EXISTS ledger_account (
  account_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  opened_at DATETIME(3) NOT NULL,
  closed_at DATETIME(3) NULL,
  PRIMARY KEY (account_id),
  UNIQUE KEY ledger_account_key (kind, owner, currency),
  KEY ledger_account_owner (owner, account_id)
) ENGINE=InnoDB
