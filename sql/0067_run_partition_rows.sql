-- The partitions of settlements, with their ids. A leg is a pass. Done again it changes nothing.
INSERT INTO run_partition_of_any_job (partition_id, run_id, generation, number, status, pass, cursor_id, seq, owner, epoch, lease_until,
    claims, claimed_seq, exceptions, error_code, error_message, updated_at)
  SELECT partition_id, run_id, generation, number, status, leg, cursor_id, seq, owner, epoch, lease_until,
    claims, claimed_seq, exceptions, error_code, error_message, updated_at FROM run_partition
  ON DUPLICATE KEY UPDATE partition_id = VALUES(partition_id)
