-- A generation of a settled date that is in the ledger. Its key lets only one process post it.
CREATE TABLE IF NOT EXISTS posted_generation (
  settled_on DATE NOT NULL,
  generation SMALLINT UNSIGNED NOT NULL,
  transactions INT UNSIGNED NOT NULL,
  postings INT UNSIGNED NOT NULL,
  posted_at DATETIME(3) NOT NULL,
  PRIMARY KEY (settled_on, generation)
) ENGINE=InnoDB
