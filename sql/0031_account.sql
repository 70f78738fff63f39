-- Who can sign in. email is stored as it is compared: normalised by the domain, unique byte by byte. password_one_time: the first sign-in has to change it.
CREATE TABLE IF NOT EXISTS account (
  account_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password_one_time TINYINT UNSIGNED NOT NULL DEFAULT 0,
  display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  phone VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  role VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  status VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id),
  UNIQUE KEY account_email (email),
  KEY account_role (role, email),
  KEY account_status (status, email),
  KEY account_role_status (role, status, email),
  CHECK (role IN ('buyer', 'seller', 'operator', 'admin')),
  CHECK (status IN ('ACTIVE', 'LOCKED')),
  CHECK ((role = 'seller') = (seller_id IS NOT NULL))
) ENGINE=InnoDB
