-- An execution keeps the lease that its process works with: others judge by it, not by their own setting, whether it is dead. The
-- default is that of the setting, for executions from before. done counts entries of any job, not only lines of a settlement.
ALTER TABLE job_execution
  ADD COLUMN lease_ms INT UNSIGNED NOT NULL DEFAULT 10000 AFTER chunk_rows,
  CHANGE COLUMN lines_written done BIGINT UNSIGNED NOT NULL DEFAULT 0
