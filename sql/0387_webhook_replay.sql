-- Single events that somebody wants to be sent to an endpoint once more, out of their turn. A row goes when it was tried.
CREATE TABLE IF NOT EXISTS webhook_replay (
  endpoint_id BIGINT UNSIGNED NOT NULL,
  position BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (endpoint_id, position)
) ENGINE=InnoDB
