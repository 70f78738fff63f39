-- The event feed's only row.
INSERT INTO feed_position (feed_id, last_position, purged_through)
SELECT 1, 0, 0 FROM (SELECT COUNT(*) AS n FROM feed_position) AS existing WHERE existing.n = 0
