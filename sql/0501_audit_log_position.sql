-- The place of an entry for whoever reads the log forward. It is given after the entry is committed, so that none ever appears before one that was read.
ALTER TABLE audit_log ADD COLUMN position BIGINT UNSIGNED NULL
