-- Entries of earlier versions keep their order.
UPDATE audit_log SET position = audit_id WHERE position IS NULL
