-- A partition's range (lo, hi] of ids in one pass of its job, how many entries it holds, and how many of them are done (those that were
-- set aside as exceptions are counted at the partition). checkpoint is the job's own: what it needs to go on behind the last committed
-- chunk, and to see that nobody changed what it wrote.
CREATE TABLE IF NOT EXISTS run_partition_pass (
  partition_id BIGINT UNSIGNED NOT NULL,
  pass TINYINT UNSIGNED NOT NULL,
  lo BIGINT UNSIGNED NOT NULL,
  hi BIGINT UNSIGNED NOT NULL,
  entries BIGINT UNSIGNED NOT NULL,
  done BIGINT UNSIGNED NOT NULL DEFAULT 0,
  checkpoint TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  PRIMARY KEY (partition_id, pass)
) ENGINE=InnoDB
