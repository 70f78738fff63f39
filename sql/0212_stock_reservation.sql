-- Units that a checkout (holder_id) holds or has bought. quantity is what is still held or sold: releases and returns lower it. A reservation whose
-- expires_at has passed by the database's clock may be given back by whoever finds it, a buyer who needs the units or the duty; it is EXPIRED then and can never be paid.
CREATE TABLE IF NOT EXISTS stock_reservation (
  holder_id BIGINT UNSIGNED NOT NULL,
  unit_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (holder_id, unit_id),
  KEY stock_reservation_expiry (status, expires_at),
  KEY stock_reservation_unit (unit_id, status, expires_at),
  CONSTRAINT stock_reservation_status CHECK (status IN ('HELD', 'SOLD', 'RELEASED', 'EXPIRED'))
) ENGINE=InnoDB
