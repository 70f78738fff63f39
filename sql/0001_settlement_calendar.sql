-- One row: every date up to and including shut_through takes no new entries. Creating a date row and shutting a door both
-- lock it, so that no date can appear behind a door that was shut.
CREATE TABLE IF NOT EXISTS settlement_calendar (
  calendar_id TINYINT UNSIGNED NOT NULL,
  shut_through DATE NULL,
  PRIMARY KEY (calendar_id),
  CHECK (calendar_id = 1)
) ENGINE=InnoDB
