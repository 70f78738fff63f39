-- Every certificate has a number, and no two have the same.
ALTER TABLE settlement_certificate
  MODIFY COLUMN sequence BIGINT UNSIGNED NOT NULL,
  ADD UNIQUE KEY settlement_certificate_sequence (sequence)
