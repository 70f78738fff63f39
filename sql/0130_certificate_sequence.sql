-- Certificates are numbered in the order in which they were written, whatever their dates, so that one that is removed leaves a gap. Those that
-- are there get their numbers with the next migration.
ALTER TABLE settlement_certificate ADD COLUMN sequence BIGINT UNSIGNED NULL AFTER run_id
