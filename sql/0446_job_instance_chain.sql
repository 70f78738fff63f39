-- The leader looks every second for the date that a step of the chain is due for. With this index it reads no row of a run for that.
ALTER TABLE job_instance ADD INDEX job_instance_chain (job, job_key, status, generation, followed_generation)
