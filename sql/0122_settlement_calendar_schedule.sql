-- From this date on the schedule closes every date, also one without entries: a person has said so. NULL: the schedule begins with the first
-- date that has entries, and leaves dates without entries open.
ALTER TABLE settlement_calendar ADD COLUMN schedule_from DATE NULL
