-- Its only row: positions go on behind those of entries of earlier versions.
INSERT INTO audit_position (log_id, last_position)
SELECT 1, highest.audit_id FROM (SELECT COALESCE(MAX(audit_id), 0) AS audit_id FROM audit_log) AS highest
WHERE NOT EXISTS (SELECT 1 FROM (SELECT log_id FROM audit_position) AS existing)
