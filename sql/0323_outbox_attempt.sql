-- Events that a consumer has tried and not done. WAITING: it is tried again at next_try_at; while a delivery is under way that lies behind its longest time, so that
-- nobody else delivers, and a process that died is followed by another. DEAD: it failed too often, and an operator has to look at it and replay it.
CREATE TABLE IF NOT EXISTS outbox_attempt (
  event_id BIGINT UNSIGNED NOT NULL,
  consumer VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempts INT UNSIGNED NOT NULL,
  next_try_at DATETIME(3) NOT NULL,
  last_error VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (event_id, consumer),
  KEY outbox_attempt_due (consumer, status, next_try_at),
  KEY outbox_attempt_status (status, event_id, consumer),
  KEY outbox_attempt_consumer (consumer, status, event_id),
  CONSTRAINT outbox_attempt_status CHECK (status IN ('WAITING', 'DEAD'))
) ENGINE=InnoDB
