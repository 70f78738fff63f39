-- The platform's time zone belongs to the data: business dates are days in it, so two processes with two zones would disagree about which
-- dates are over. NULL until the first process has stored the zone that it was started with.
ALTER TABLE installation ADD COLUMN time_zone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL
