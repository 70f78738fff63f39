-- The plan of a generation, frozen with its partitions in one transaction; a restart never plans again.
CREATE TABLE IF NOT EXISTS run_plan (
  run_id BIGINT UNSIGNED NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  grid_size INT UNSIGNED NOT NULL,
  policy_revision INT UNSIGNED NOT NULL,
  sales BIGINT UNSIGNED NOT NULL,
  refunds BIGINT UNSIGNED NOT NULL,
  planned_by BIGINT UNSIGNED NOT NULL,
  planned_at DATETIME(3) NOT NULL,
  PRIMARY KEY (run_id, generation)
) ENGINE=InnoDB
