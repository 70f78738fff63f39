-- A plan that is made before the runs with earlier keys are completed stands only until its turn: it is confirmed then, or made anew.
ALTER TABLE run_plan ADD COLUMN ahead TINYINT NOT NULL DEFAULT 0
