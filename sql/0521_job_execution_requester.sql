-- Somebody at the command line asks for proposals as `user NAME`, and names of users have up to 64 characters: the five before them must fit, too.
ALTER TABLE job_execution MODIFY requested_by VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
