-- Units that left an order together: cancelled before its confirmation, or returned after it. amount_minor is what they cost the buyer; money goes back
-- (paid = 1) where the order had been paid.
CREATE TABLE IF NOT EXISTS order_refund (
  refund_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  order_id BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  paid TINYINT UNSIGNED NOT NULL,
  amount_minor BIGINT NOT NULL,
  reason VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  requested_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (refund_id),
  KEY order_refund_order (order_id, refund_id),
  CONSTRAINT order_refund_kind CHECK (kind IN ('CANCEL', 'RETURN'))
) ENGINE=InnoDB
