-- A later version ended an open one: recorded beside the immutable version, never in it.
CREATE TABLE IF NOT EXISTS fee_policy_end (
  policy_id INT UNSIGNED NOT NULL,
  revision INT UNSIGNED NOT NULL,
  ends_on DATE NOT NULL,
  ended_by INT UNSIGNED NOT NULL,
  PRIMARY KEY (policy_id),
  KEY fee_policy_end_revision (revision)
) ENGINE=InnoDB
