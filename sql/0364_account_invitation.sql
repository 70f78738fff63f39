-- Staff and sellers are invited: the role waits here until the invited person has followed the link in the mail and chosen a password.
CREATE TABLE IF NOT EXISTS account_invitation (
  invitation_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  phone VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  role VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  status VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  invited_by BIGINT UNSIGNED NOT NULL,
  account_id BIGINT UNSIGNED NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (invitation_id),
  KEY account_invitation_email (email, status),
  KEY account_invitation_seller (seller_id, invitation_id),
  CONSTRAINT account_invitation_role_known CHECK (role IN ('seller', 'operator', 'admin')),
  CONSTRAINT account_invitation_seller_named CHECK ((role = 'seller') = (seller_id IS NOT NULL)),
  CONSTRAINT account_invitation_status_known CHECK (status IN ('OPEN', 'ACCEPTED', 'WITHDRAWN'))
) ENGINE=InnoDB
