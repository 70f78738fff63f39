-- The history of payments: every step, from which state to which, who caused it and why. Rows are never updated.
CREATE TABLE IF NOT EXISTS payment_event (
  event_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  payment_id BIGINT UNSIGNED NOT NULL,
  step VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  to_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  caused_by VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (event_id),
  KEY payment_event_payment (payment_id, event_id),
  CONSTRAINT payment_event_cause CHECK (caused_by IN ('buyer', 'operator', 'system', 'provider'))
) ENGINE=InnoDB
