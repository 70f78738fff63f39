-- The installation's only row.
INSERT INTO installation (singleton, installation_id)
SELECT 1, UUID() FROM (SELECT COUNT(*) AS n FROM installation) AS existing WHERE existing.n = 0
