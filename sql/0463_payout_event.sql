-- The history of payouts: who did what, when, from which state to which, and why. from_status is empty where the payout was made. detail is JSON: amounts, accounts
-- before and after, references. Rows are added and never changed.
CREATE TABLE IF NOT EXISTS payout_event (
  event_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  payout_id BIGINT UNSIGNED NOT NULL,
  happened_at DATETIME(3) NOT NULL,
  actor VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  action VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL,
  to_status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempt INT UNSIGNED NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  detail TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (event_id),
  KEY payout_event_payout (payout_id, event_id)
) ENGINE=InnoDB
