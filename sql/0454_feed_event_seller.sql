-- The seller whom an event alone concerns, such as one about a statement. Empty where settled_on and generation say which sellers it concerns, or where it is
-- for staff.
ALTER TABLE feed_event ADD COLUMN seller_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL
