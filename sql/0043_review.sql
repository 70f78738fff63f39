-- Reviews, one per account and product. One that staff removed stays, so that its author cannot write it again, and no longer counts.
CREATE TABLE IF NOT EXISTS review (
  review_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id BIGINT UNSIGNED NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  stars TINYINT UNSIGNED NOT NULL,
  body VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (review_id),
  UNIQUE KEY review_author (product_id, account_id),
  KEY review_list (product_id, status, review_id),
  CONSTRAINT review_stars CHECK (stars BETWEEN 1 AND 5),
  CONSTRAINT review_status CHECK (status IN ('SHOWN', 'REMOVED'))
) ENGINE=InnoDB
