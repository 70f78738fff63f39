-- The statuses of an import, with WITHDRAWN: it was completed, and what it wrote was taken back.
ALTER TABLE feed_import ADD CONSTRAINT feed_import_status_known
  CHECK (status IN ('RUNNING', 'COMPLETED', 'REFUSED', 'ABANDONING', 'ABANDONED', 'WITHDRAWN'))
