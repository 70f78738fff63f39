-- The ranges, counts and hashes of settlements: sales are the first pass, refunds the second. Done again it changes nothing.
INSERT INTO run_partition_pass (partition_id, pass, lo, hi, entries, done, checkpoint)
  SELECT partition_id, 0, sale_lo, sale_hi, sales, sale_lines, sale_hash FROM run_partition
  UNION ALL SELECT partition_id, 1, refund_lo, refund_hi, refunds, refund_lines, refund_hash FROM run_partition
  ON DUPLICATE KEY UPDATE pass = VALUES(pass)
