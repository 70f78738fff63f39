-- Which consumer has done which event. Its key is why none does one twice: the row is written in the transaction of the work, or after the delivery.
CREATE TABLE IF NOT EXISTS outbox_inbox (
  event_id BIGINT UNSIGNED NOT NULL,
  consumer VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  done_at DATETIME(3) NOT NULL,
  PRIMARY KEY (event_id, consumer)
) ENGINE=InnoDB
