-- Who does what follows from events. types are those that the consumer wants, separated by spaces. Every event up to done_through either was done by it, or is one
-- that it does not want, or stands in outbox_attempt, so the look for forgotten events begins there. What a consumer has not done is not purged.
CREATE TABLE IF NOT EXISTS outbox_consumer (
  name VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  types VARCHAR(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  done_through BIGINT UNSIGNED NOT NULL,
  registered_at DATETIME(3) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB
