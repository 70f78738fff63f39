-- The content of a stored file in pieces that fit into any packet of the protocol, numbered from 0.
CREATE TABLE IF NOT EXISTS stored_file_part (
  file_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part_no INT UNSIGNED NOT NULL,
  content MEDIUMBLOB NOT NULL,
  PRIMARY KEY (file_id, part_no)
) ENGINE=InnoDB
