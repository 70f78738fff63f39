-- A run is known by its job and a key of that job. For the settlement the key is the date, as text, so dates stay in their order.
-- parameters are what the job was asked for, as JSON, where it takes more than the key.
ALTER TABLE job_instance
  CHANGE COLUMN settled_on job_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ADD COLUMN parameters MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL AFTER job_key
