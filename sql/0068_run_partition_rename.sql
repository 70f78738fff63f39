-- The partitions of any job take the name of those of settlements.
RENAME TABLE run_partition TO run_partition_of_settlements, run_partition_of_any_job TO run_partition
