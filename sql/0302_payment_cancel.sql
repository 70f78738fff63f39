-- Money that goes back to a buyer through the provider: written in the transaction that decides on it (PENDING), carried out outside, finished after (DONE).
-- refund_id is what left the order, null where a charge was not accepted and goes back as a whole.
CREATE TABLE IF NOT EXISTS payment_cancel (
  cancel_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  payment_id BIGINT UNSIGNED NOT NULL,
  order_id BIGINT UNSIGNED NULL,
  refund_id BIGINT UNSIGNED NULL,
  amount_minor BIGINT NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_try_at DATETIME(3) NULL,
  asked_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  failure_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  failure_message VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at DATETIME(3) NOT NULL,
  done_at DATETIME(3) NULL,
  PRIMARY KEY (cancel_id),
  UNIQUE KEY payment_cancel_refund (refund_id),
  KEY payment_cancel_payment (payment_id, cancel_id),
  KEY payment_cancel_due (status, next_try_at),
  CONSTRAINT payment_cancel_status CHECK (status IN ('PENDING', 'DONE')),
  CONSTRAINT payment_cancel_amount CHECK (amount_minor > 0)
) ENGINE=InnoDB
