-- The plans of settlements froze the revision of the policies; the column has its bare number until here. Done again it changes nothing.
UPDATE run_plan SET parameters = CONCAT('{"policyRevision":', parameters, '}') WHERE parameters NOT LIKE '{%'
