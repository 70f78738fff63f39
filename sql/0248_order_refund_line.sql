-- The part of a line that a refund took: units, and the amounts that they carry. A discount may be -1 or so for single units, as in the settlement feed.
CREATE TABLE IF NOT EXISTS order_refund_line (
  refund_id BIGINT UNSIGNED NOT NULL,
  line_number SMALLINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  item_amount BIGINT NOT NULL,
  seller_discount BIGINT NOT NULL,
  platform_discount BIGINT NOT NULL,
  shipping_fee BIGINT NOT NULL,
  PRIMARY KEY (refund_id, line_number)
) ENGINE=InnoDB
