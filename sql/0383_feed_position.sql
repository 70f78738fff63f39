-- How far the event feed goes: the last position that was given, and up to which the events were deleted. Its lock keeps those who give positions apart.
CREATE TABLE IF NOT EXISTS feed_position (
  feed_id TINYINT UNSIGNED NOT NULL,
  last_position BIGINT UNSIGNED NOT NULL,
  purged_through BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (feed_id)
) ENGINE=InnoDB
