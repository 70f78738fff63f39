-- The category tree, one to three levels. parent_id 0 stands for none, so that names are unique among roots too. A category never
-- moves: the terms of its products (product_term) name the whole path.
CREATE TABLE IF NOT EXISTS category (
  category_id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  parent_id INT UNSIGNED NOT NULL,
  level TINYINT UNSIGNED NOT NULL,
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  version INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (category_id),
  UNIQUE KEY category_name (parent_id, name),
  CONSTRAINT category_level CHECK (level BETWEEN 1 AND 3)
) ENGINE=InnoDB
