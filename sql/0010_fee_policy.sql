-- Fee policy versions, immutable. definition is the policy's JSON with every default spelled out: two policies are equal
-- when it is. The other columns repeat what lists show.
CREATE TABLE IF NOT EXISTS fee_policy (
  policy_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  revision INT UNSIGNED NOT NULL,
  code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  effective_from DATE NOT NULL,
  effective_to DATE NULL,
  definition MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_at DATETIME(3) NOT NULL,
  PRIMARY KEY (policy_id),
  UNIQUE KEY fee_policy_key (code, version),
  KEY fee_policy_revision (revision)
) ENGINE=InnoDB
