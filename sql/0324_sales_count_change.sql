-- By how much the sales of products have changed since they were last added up: units that were paid, and units that were given back. So many payments change no
-- row of the product that they are about, nor its some 25 rows of product_term; a duty adds them up and writes those in bulk.
CREATE TABLE IF NOT EXISTS sales_count_change (
  change_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  product_id BIGINT UNSIGNED NOT NULL,
  quantity INT NOT NULL,
  PRIMARY KEY (change_id)
) ENGINE=InnoDB
