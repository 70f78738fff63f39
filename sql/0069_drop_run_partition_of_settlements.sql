-- All of it has moved.
DROP TABLE IF EXISTS run_partition_of_settlements
