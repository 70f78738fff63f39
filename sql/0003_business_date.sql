-- A row per business date that has or had entries. Writers of the feed hold a shared lock on it until they commit;
-- shutting the date is a conditional UPDATE of it, which therefore waits for them.
CREATE TABLE IF NOT EXISTS business_date (
  business_on DATE NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  shut_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL,
  PRIMARY KEY (business_on),
  CHECK (status IN ('OPEN', 'CLOSING', 'CLOSED'))
) ENGINE=InnoDB
