-- The audit log is read by action too ("who has verified dates?"), by key like its other filters.
ALTER TABLE audit_log ADD KEY audit_log_action (action, recorded_at, audit_id)
