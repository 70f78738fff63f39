-- One row: how many certificates were written. Whoever writes one locks it, so that each knows the one before it; with it the last
-- certificate cannot be removed without a trace either.
CREATE TABLE IF NOT EXISTS certificate_chain (
  chain_id TINYINT UNSIGNED NOT NULL,
  certificates BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (chain_id),
  CHECK (chain_id = 1)
) ENGINE=InnoDB
