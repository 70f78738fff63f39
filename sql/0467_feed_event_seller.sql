-- An event that concerns one seller names it, so that nobody else is told of it.
ALTER TABLE feed_event ADD COLUMN seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL
