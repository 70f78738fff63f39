-- Files of transfers for the bank. The file itself is not kept, because it holds account numbers in the clear: it is made again from its transfers, byte for byte,
-- and content_hash (SHA-256) shows that it is the same.
CREATE TABLE IF NOT EXISTS payout_file (
  file_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  layout VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  transfer_on DATE NOT NULL,
  status VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  transfers INT UNSIGNED NOT NULL,
  total_minor DECIMAL(30,0) NOT NULL,
  content_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  made_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  made_at DATETIME(3) NOT NULL,
  sent_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  sent_at DATETIME(3) NULL,
  PRIMARY KEY (file_id),
  CONSTRAINT payout_file_status CHECK (status IN ('MADE', 'SENT', 'VOID'))
) ENGINE=InnoDB
