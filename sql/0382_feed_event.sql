-- What other systems are told of, written in the transaction in which it happened. position is its place in the feed: given afterwards, without a gap, so that no
-- event ever appears before one that was read. settled_on and generation say which sellers an event concerns: those with a settlement of them.
CREATE TABLE IF NOT EXISTS feed_event (
  event_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  position BIGINT UNSIGNED NULL,
  type VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  settled_on DATE NULL,
  generation INT UNSIGNED NULL,
  data TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  happened_at DATETIME(3) NOT NULL,
  PRIMARY KEY (event_id),
  UNIQUE KEY feed_event_position (position)
) ENGINE=InnoDB
