-- A unit of an order with all that was true of it when it was ordered: names, seller's ids, the top category as fee policies name it, prices and
-- discounts. Only the counts of units that were cancelled or returned change.
CREATE TABLE IF NOT EXISTS order_line (
  order_id BIGINT UNSIGNED NOT NULL,
  line_number SMALLINT UNSIGNED NOT NULL,
  unit_id BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  product_external_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  product_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  option_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  sku VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  category VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  unit_price BIGINT NOT NULL,
  item_amount BIGINT NOT NULL,
  seller_discount BIGINT NOT NULL,
  platform_discount BIGINT NOT NULL,
  shipping_fee BIGINT NOT NULL,
  cancelled_quantity INT UNSIGNED NOT NULL DEFAULT 0,
  returned_quantity INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (order_id, line_number),
  CONSTRAINT order_line_units CHECK (cancelled_quantity + returned_quantity <= quantity),
  CONSTRAINT order_line_amount CHECK (item_amount = quantity * unit_price)
) ENGINE=InnoDB
