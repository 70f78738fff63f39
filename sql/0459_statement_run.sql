-- run_id is the run that issued a statement, empty where a person closed the period of one seller. The other key finds what a seller has earned and was not paid,
-- without reading what was paid.
ALTER TABLE statement
  ADD COLUMN run_id BIGINT UNSIGNED NULL,
  ADD KEY statement_run (run_id, currency),
  ADD KEY statement_unpaid (seller_id, currency, status, earned_minor)
