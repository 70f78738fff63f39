-- The chain's only row.
INSERT INTO certificate_chain (chain_id, certificates)
SELECT 1, (SELECT COUNT(*) FROM settlement_certificate) FROM (SELECT COUNT(*) AS n FROM certificate_chain) AS existing WHERE existing.n = 0
