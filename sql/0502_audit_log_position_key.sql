-- Entries are read forward by their positions, and those without one are found by it, too.
ALTER TABLE audit_log ADD UNIQUE KEY audit_log_position (position)
