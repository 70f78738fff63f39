-- The keys of the certificates that are there. Done again it changes nothing.
INSERT INTO signing_key (since_sequence, public_key, registered_at)
  SELECT MIN(sequence), public_key, MIN(certified_at) FROM settlement_certificate WHERE public_key IS NOT NULL GROUP BY public_key
  ON DUPLICATE KEY UPDATE since_sequence = since_sequence
