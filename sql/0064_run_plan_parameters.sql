-- What a job froze with its plan is the job's own, as JSON. How many entries a pass has is the sum over its ranges.
ALTER TABLE run_plan
  CHANGE COLUMN policy_revision parameters TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  DROP COLUMN sales,
  DROP COLUMN refunds
