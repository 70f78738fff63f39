-- What happened and what has to follow from it, written in the transaction in which it happened. A relay looks for rows with relayed = 0 and hints at them in
-- Redis; which consumer has done an event stands in outbox_inbox. request_id is that of the call, empty where no call caused it.
CREATE TABLE IF NOT EXISTS outbox_event (
  event_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  recorded_at DATETIME(3) NOT NULL,
  relayed TINYINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (event_id),
  KEY outbox_event_relay (relayed, event_id)
) ENGINE=InnoDB
