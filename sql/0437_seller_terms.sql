-- Versions of the terms on which sellers are paid, immutable. An empty seller_id stands for all sellers that have no terms of their own. definition is
-- the version's JSON with every default spelled out: two versions are equal when it is.
CREATE TABLE IF NOT EXISTS seller_terms (
  terms_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  revision INT UNSIGNED NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  effective_from DATE NOT NULL,
  effective_to DATE NULL,
  definition MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  applied_at DATETIME(3) NOT NULL,
  PRIMARY KEY (terms_id),
  UNIQUE KEY seller_terms_key (seller_id, version)
) ENGINE=InnoDB
