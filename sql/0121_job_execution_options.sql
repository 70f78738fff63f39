-- What a job was asked for beside its key is kept with the request, as JSON, because the runner that takes it, or goes on with it after a
-- crash, is another process. NULL: nothing.
ALTER TABLE job_execution ADD COLUMN job_options TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL
