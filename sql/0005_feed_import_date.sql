-- The dates that an unfinished import may write to: they cannot be shut while it is unfinished.
CREATE TABLE IF NOT EXISTS feed_import_date (
  import_id BIGINT UNSIGNED NOT NULL,
  business_on DATE NOT NULL,
  PRIMARY KEY (import_id, business_on),
  KEY feed_import_date_on (business_on)
) ENGINE=InnoDB
