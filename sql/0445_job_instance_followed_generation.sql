-- The jobs of the chain follow one another, date by date. This is the generation of the run before it that a run has taken up; 0 for a run that follows none.
-- A later generation of the run before, such as a supplement, is taken up by another generation of this one.
ALTER TABLE job_instance ADD COLUMN followed_generation SMALLINT UNSIGNED NOT NULL DEFAULT 0
