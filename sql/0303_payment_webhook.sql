-- Webhooks of providers by the provider's own id of the event, so that each is heeded once. payment_id is null where it is about no payment of ours.
CREATE TABLE IF NOT EXISTS payment_webhook (
  webhook_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  provider VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  payment_id BIGINT UNSIGNED NULL,
  received_at DATETIME(3) NOT NULL,
  PRIMARY KEY (webhook_id),
  UNIQUE KEY payment_webhook_event (provider, event_key),
  KEY payment_webhook_received (received_at)
) ENGINE=InnoDB
